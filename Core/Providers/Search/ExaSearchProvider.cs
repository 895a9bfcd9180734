using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Providers.Search;

/// <summary>exa.ai/docs/reference/search; errors: exa.ai/docs/reference/error-codes. The beginning of each page's text serves as its snippet.</summary>
internal sealed class ExaSearchProvider(IHttpClientFactory factory, IOptions<ProviderOptions> options, TimeProvider time)
    : JsonSearchProvider(factory, options.Value.Exa, time)
{
    private const int SnippetChars = 500;

    public override string Name => "exa";

    protected override string Path => "/search";

    protected override object Body(SearchCall call) =>
        new { query = call.Query, numResults = call.MaxResults, type = "auto", contents = new { text = new { maxCharacters = SnippetChars } } };

    protected override void Authorize(HttpRequestMessage request) => request.Headers.Add("x-api-key", ApiKey);

    protected override JsonElement? ListIn(JsonElement answer) => List(answer, "results");

    protected override SearchHit? Read(JsonElement page) => Hit(
        JsonText.Of(page, "title"), JsonText.Of(page, "url"), JsonText.Of(page, "text"), Number(page, "score"), JsonText.Of(page, "publishedDate"));

    // {"requestId":"...","error":"...","tag":"INVALID_API_KEY"}
    protected override (string? Kind, string? Message) Error(JsonElement body) => (JsonText.Of(body, "tag"), JsonText.Of(body, "error") ?? JsonText.Of(body, "message"));

    protected override ProviderFailure FailureOf(int status, string? kind, string? message) => kind switch
    {
        "NO_MORE_CREDITS" or "API_KEY_BUDGET_EXCEEDED" => ProviderFailure.RateLimited,
        "PROHIBITED_CONTENT" => ProviderFailure.ContentRefused,
        _ => base.FailureOf(status, kind, message),
    };
}
