using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Generation;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Images;

/// <param name="Selected">True unless said otherwise, which no body at all means, too.</param>
public sealed record SelectInput(bool? Selected);

/// <summary>Selects one of the caller's images, or takes that back.</summary>
public sealed class ImagesSelect(ImageGallery images)
{
    [Function("images-select")]
    [Allow(Role.Guest, Scope = Scopes.Generate)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "images/{id}/select")] HttpRequest http, string id, CancellationToken cancellationToken)
    {
        var input = http.HasBody() ? await http.ReadJsonAsync<SelectInput>(Wire.Json, cancellationToken) : new SelectInput(Selected: true);
        return input.Succeeded
            ? Answers.From(await images.SelectAsync(http.Caller().AccountId, id, input.Value.Selected ?? true, cancellationToken), http, image => ImageOutput.Of(image, withReceipt: false))
            : Problems.From(input.Refusal, http.HttpContext);
    }
}
