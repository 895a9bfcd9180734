using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Generation;

/// <summary>Generates an image, or finds it in the cache. One that takes long is answered with a URL to ask again.</summary>
public sealed class AiPreviewImage(ImageJobs jobs)
{
    [Function("ai-preview-image")]
    [Allow(Role.Guest, Scope = Scopes.Generate)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ai-preview-image")] HttpRequest http, CancellationToken cancellationToken)
    {
        var request = await BillableRequests.ReadAsync<ImageInput, ImageRequest>(
            http, body => JsonSerializer.Deserialize<ImageInput>(body.Span, Wire.Json), (input, caller) => input.ToRequest(caller), cancellationToken);
        return request.Succeeded ? await jobs.AnswerAsync(http, request.Value, cancellationToken) : Problems.From(request.Refusal, http.HttpContext);
    }
}
