using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Generation;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Images;

/// <summary>One of the caller's images: 200 with it, 202 while it is being made, or the problem it ended with. Whoever may make one may ask what became of it.</summary>
public sealed class ImagesGet(ImageGallery images)
{
    [Function("images-get")]
    [Allow(Role.Guest, Scope = Scopes.All)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "images/{id}")] HttpRequest http, string id, CancellationToken cancellationToken)
    {
        var found = await images.FindAsync(http.Caller().AccountId, id, cancellationToken);
        return found.Value is ImageState.Running
            ? ImageJobAnswers.Running(http, id, segments: 2)
            : Answers.From(found, http, state => ImageOutput.Of(((ImageState.Ready)state).Image, withReceipt: true));
    }
}
