using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Images;

/// <summary>Takes one of the caller's images out of the gallery, which makes room for another. 204; an image that is still being made is 409.</summary>
public sealed class ImagesDelete(ImageGallery images)
{
    [Function("images-delete")]
    [Allow(Role.Guest, Scope = Scopes.Generate)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "images/{id}")] HttpRequest http, string id, CancellationToken cancellationToken)
    {
        var removed = await images.RemoveAsync(http.Caller().AccountId, id, cancellationToken);
        return removed.Succeeded ? new NoContentResult() : Problems.From(removed.Refusal, http.HttpContext);
    }
}
