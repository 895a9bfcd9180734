using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Providers.Search;

/// <summary>
/// Google's results through serper.dev (its playground documents requests and answers). A wrong key is 403; a spent balance is 400 <c>Not enough credits</c>.
/// </summary>
internal sealed class SerperSearchProvider(IHttpClientFactory factory, IOptions<ProviderOptions> options, TimeProvider time)
    : JsonSearchProvider(factory, options.Value.Serper, time)
{
    public override string Name => "serper";

    protected override string Path => "/search";

    protected override object Body(SearchCall call) => new { q = call.Query, num = call.MaxResults };

    protected override void Authorize(HttpRequestMessage request) => request.Headers.Add("X-API-KEY", ApiKey);

    protected override JsonElement? ListIn(JsonElement answer) => List(answer, "organic");

    // Its date is for people: "Mar 5, 2025", but also "3 days ago".
    protected override SearchHit? Read(JsonElement page) =>
        Hit(JsonText.Of(page, "title"), JsonText.Of(page, "link"), JsonText.Of(page, "snippet"), publishedAt: JsonText.Of(page, "date"));

    // {"message":"Unauthorized.","statusCode":403}
    protected override (string? Kind, string? Message) Error(JsonElement body) => (null, JsonText.Of(body, "message"));

    protected override ProviderFailure FailureOf(int status, string? kind, string? message) =>
        message?.StartsWith("Not enough credits", StringComparison.OrdinalIgnoreCase) == true ? ProviderFailure.RateLimited : base.FailureOf(status, kind, message);
}
