using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Images;

namespace ServerlessAi.Functions.Generation;

/// <summary>Generates an image, or finds it in the cache.</summary>
public sealed class AiPreviewImage(BillableRequests requests, ImageWork work, IImageStore images)
{
    [Function("ai-preview-image")]
    [Allow(Role.User)]
    public Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ai-preview-image")] HttpRequest http, CancellationToken cancellationToken) =>
        requests.ServeAsync<ImageInput, ImageRequest, ImageBytes>(
            http,
            work,
            (input, caller) => input.ToRequest(caller),
            async served => ImageOutput.Of(served, await images.GetReadUrlAsync(served.Answer.Image!, served.At, cancellationToken)),
            cancellationToken);
}
