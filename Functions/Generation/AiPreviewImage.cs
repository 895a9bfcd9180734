using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Images;

namespace ServerlessAi.Functions.Generation;

/// <summary>Generates an image, or finds it in the cache.</summary>
public sealed class AiPreviewImage(Gateway gateway, ImageWork work, IImageStore images, ReceiptHeaders headers)
{
    [Function("ai-preview-image")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ai-preview-image")] HttpRequest http, CancellationToken cancellationToken)
    {
        var input = await http.ReadJsonAsync<ImageInput>(Wire.Json, cancellationToken);
        var request = input.Then(body => body.ToRequest(http.Caller()));
        var served = request.Succeeded ? await gateway.ServeAsync(work, request.Value, cancellationToken) : request.Refusal;
        if (!served.Succeeded)
        {
            return Problems.From(served.Refusal, http.HttpContext);
        }

        headers.Add(http, served.Value);
        var url = await images.GetReadUrlAsync(served.Value.Answer.Image!, cancellationToken);
        return Answers.Json(ImageOutput.Of(served.Value, url));
    }
}
