using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Providers.Search;

/// <summary>docs.firecrawl.dev/api-reference/endpoint/search, version 2, without scraping the pages, which would cost more.</summary>
internal sealed class FirecrawlSearchProvider(IHttpClientFactory factory, IOptions<ProviderOptions> options, TimeProvider time)
    : JsonSearchProvider(factory, options.Value.Firecrawl, time)
{
    public override string Name => "firecrawl";

    protected override string Path => "/v2/search";

    protected override object Body(SearchCall call) => new { query = call.Query, limit = call.MaxResults };

    protected override void Authorize(HttpRequestMessage request) => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);

    // A list for each source in version 2; one list in version 1, which servers of one's own may still have.
    protected override JsonElement? ListIn(JsonElement answer) =>
        List(answer, "data") ?? (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("data", out var data) ? List(data, "web") : null);

    protected override SearchHit? Read(JsonElement page) => Hit(JsonText.Of(page, "title"), JsonText.Of(page, "url"), JsonText.Of(page, "description"));

    // {"success":false,"error":"..."}
    protected override (string? Kind, string? Message) Error(JsonElement body) => (JsonText.Of(body, "code"), JsonText.Of(body, "error"));
}
