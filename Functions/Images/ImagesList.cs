using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Generation;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Images;

/// <param name="Next">Send it as <c>next</c> to get the next page; absent on the last one.</param>
public sealed record ImagesPage(IReadOnlyList<ImageOutput> Images, string? Next);

/// <summary>The caller's images, newest first; with <c>selected=true</c> those that were selected.</summary>
public sealed partial class ImagesList(ImageGallery images)
{
    private const int DefaultCount = 50;

    [Function("images-list")]
    [Allow(Role.Guest, Scope = Scopes.Read)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "images")] HttpRequest http, CancellationToken cancellationToken)
    {
        var (limit, next, selected) = (http.Query["limit"].ToString(), http.Query["next"].ToString(), http.Query["selected"].ToString());
        var count = limit.Length == 0 ? DefaultCount : int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (count is < 1 or > Gallery.PageLimit || (next.Length > 0 && !Token().IsMatch(next)) || selected is not ("" or "true" or "false"))
        {
            return Problems.From(Refusal.Invalid($"'limit' must be 1 to {Gallery.PageLimit}, 'selected' true or false, 'next' as a page gave it."), http.HttpContext);
        }

        var before = next.Length > 0 ? next.Replace('.', '|') : null;
        var page = await images.ListAsync(http.Caller().AccountId, count, before, selected is "true", cancellationToken);
        return Answers.From(page, http, found => new ImagesPage([.. found.Images.Select(image => ImageOutput.Of(image, withReceipt: false))], found.Next?.Replace('|', '.')));
    }

    // The last row's place: inverted ticks, and an id.
    [GeneratedRegex(@"^[0-9]{19}\.[0-9a-z-]{1,64}\z", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Token();
}
