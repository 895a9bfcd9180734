using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Providers.Search;

/// <summary>docs.tavily.com/documentation/api-reference/endpoint/search. Its 432 and 433 say that the plan, or the spending limit, is used up.</summary>
internal sealed class TavilySearchProvider(IHttpClientFactory factory, IOptions<ProviderOptions> options, TimeProvider time)
    : JsonSearchProvider(factory, options.Value.Tavily, time)
{
    public override string Name => "tavily";

    protected override string Path => "/search";

    protected override object Body(SearchCall call) => new { query = call.Query, max_results = call.MaxResults, search_depth = "basic" };

    protected override void Authorize(HttpRequestMessage request) => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);

    protected override JsonElement? ListIn(JsonElement answer) => List(answer, "results");

    protected override SearchHit? Read(JsonElement page) => Hit(
        JsonText.Of(page, "title"), JsonText.Of(page, "url"), JsonText.Of(page, "content"), Number(page, "score"), JsonText.Of(page, "published_date"));

    // {"detail":{"error":"..."}}
    protected override (string? Kind, string? Message) Error(JsonElement body) =>
        (null, JsonText.Of(body, "detail") ?? (body.TryGetProperty("detail", out var detail) ? JsonText.Of(detail, "error") : null));

    protected override ProviderFailure FailureOf(int status, string? kind, string? message) =>
        status is 432 or 433 ? ProviderFailure.RateLimited : base.FailureOf(status, kind, message);
}
