using ServerlessAi.Providers;
using ServerlessAi.Providers.Search;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Polyfills.FunctionsHost;

namespace ServerlessAi.Tests.Providers;

public sealed class SearchTests : IAsyncLifetime
{
    private static readonly DateTimeOffset March = new(2025, 3, 3, 8, 0, 0, TimeSpan.Zero);

    private SearchVendors vendors = null!;
    private ProviderWorld world = null!;

    public static TheoryData<string> All => [.. SearchVendors.Names];

    public static TheoryData<string, Behaviour, ProviderFailure, string> Errors
    {
        get
        {
            var errors = new TheoryData<string, Behaviour, ProviderFailure, string>
            {
                { "tavily", TavilyStandIn.Error(400, "Query is too long."), ProviderFailure.InvalidRequest, "Query is too long." },
                { "tavily", TavilyStandIn.Error(401, "Unauthorized: missing or invalid API key."), ProviderFailure.Unauthorized, "Unauthorized: missing or invalid API key." },
                { "tavily", TavilyStandIn.Error(429, "Excessive requests."), ProviderFailure.RateLimited, "Excessive requests." },
                { "tavily", TavilyStandIn.Error(432, "This request exceeds your plan's set usage limit."), ProviderFailure.RateLimited, "This request exceeds your plan's set usage limit." },
                { "tavily", TavilyStandIn.Error(433, "This request exceeds the pay-as-you-go limit."), ProviderFailure.RateLimited, "This request exceeds the pay-as-you-go limit." },
                { "tavily", TavilyStandIn.Error(500, "Internal Server Error"), ProviderFailure.Unavailable, "Internal Server Error" },
                { "serper", SerperStandIn.Error(400, "Missing query parameter"), ProviderFailure.InvalidRequest, "Missing query parameter" },
                { "serper", SerperStandIn.Error(400, "Not enough credits"), ProviderFailure.RateLimited, "Not enough credits" },
                { "serper", SerperStandIn.Error(403, "Unauthorized."), ProviderFailure.Unauthorized, "Unauthorized." },
                { "serper", SerperStandIn.Error(429, "Rate limit exceeded"), ProviderFailure.RateLimited, "Rate limit exceeded" },
                { "serper", SerperStandIn.Error(500, "Internal error"), ProviderFailure.Unavailable, "Internal error" },
                { "exa", ExaStandIn.Error(400, "INVALID_REQUEST_BODY", "Invalid."), ProviderFailure.InvalidRequest, "Invalid." },
                { "exa", ExaStandIn.Error(401, "INVALID_API_KEY", "Invalid API key"), ProviderFailure.Unauthorized, "Invalid API key" },
                { "exa", ExaStandIn.Error(402, "NO_MORE_CREDITS", "No credits."), ProviderFailure.RateLimited, "No credits." },
                { "exa", ExaStandIn.Error(402, "API_KEY_BUDGET_EXCEEDED", "Budget."), ProviderFailure.RateLimited, "Budget." },
                { "exa", ExaStandIn.Error(403, "FEATURE_DISABLED", "Disabled."), ProviderFailure.Unauthorized, "Disabled." },
                { "exa", ExaStandIn.Error(403, "PROHIBITED_CONTENT", "Prohibited."), ProviderFailure.ContentRefused, "Prohibited." },
                { "exa", ExaStandIn.Error(429, null, "Slow down."), ProviderFailure.RateLimited, "Slow down." },
                { "exa", ExaStandIn.Error(503, "SERVICE_UNAVAILABLE", "Busy."), ProviderFailure.Overloaded, "Busy." },
                { "firecrawl", FirecrawlStandIn.Error(400, "Bad Request"), ProviderFailure.InvalidRequest, "Bad Request" },
                { "firecrawl", FirecrawlStandIn.Error(401, "Unauthorized: Invalid token"), ProviderFailure.Unauthorized, "Unauthorized: Invalid token" },
                { "firecrawl", FirecrawlStandIn.Error(402, "Insufficient credits"), ProviderFailure.RateLimited, "Insufficient credits" },
                { "firecrawl", FirecrawlStandIn.Error(408, "Request timed out"), ProviderFailure.Timeout, "Request timed out" },
                { "firecrawl", FirecrawlStandIn.Error(429, "Rate limit exceeded"), ProviderFailure.RateLimited, "Rate limit exceeded" },
                { "firecrawl", FirecrawlStandIn.Error(500, "An unexpected error occurred"), ProviderFailure.Unavailable, "An unexpected error occurred" },
            };
            foreach (var name in SearchVendors.Names)
            {
                errors.Add(name, Behaviour.Answer(502, "<html>Bad gateway</html>", "text/html"), ProviderFailure.Unavailable, "HTTP 502.");
                errors.Add(name, Behaviour.Answer(400, "[]"), ProviderFailure.InvalidRequest, "HTTP 400.");
            }

            return errors;
        }
    }

    public async Task InitializeAsync()
    {
        vendors = await SearchVendors.StartAsync();
        world = await ProviderWorld.StartAsync(settings: vendors.Settings);
    }

    public async Task DisposeAsync()
    {
        await world.DisposeAsync();
        await vendors.DisposeAsync();
    }

    [Theory]
    [InlineData("tavily", 0.98, true)]
    [InlineData("serper", null, true)]
    [InlineData("exa", 0.46, true)]
    [InlineData("firecrawl", null, false)]
    public async Task Answers_of_all_vendors_have_one_shape(string name, double? score, bool isDated)
    {
        var hits = (await SearchAsync(name)).Value!.Results;
        Assert.Equal(["The red fox", "Dens"], hits.Select(hit => hit.Title));
        Assert.Equal(["https://example.com/fox", "https://example.com/den"], hits.Select(hit => hit.Url.AbsoluteUri));
        Assert.Equal(["Foxes are small.", "Where foxes live."], hits.Select(hit => hit.Snippet));
        Assert.Equal((score, isDated ? March.Date : null), (hits[0].Score, hits[0].PublishedAt?.UtcDateTime.Date));
        Assert.Null(hits[1].PublishedAt);
    }

    [Theory]
    [InlineData("tavily", "/search", """{"query":"red foxes","max_results":3,"search_depth":"basic"}""")]
    [InlineData("serper", "/search", """{"q":"red foxes","num":3}""")]
    [InlineData("exa", "/search", """{"query":"red foxes","numResults":3,"type":"auto","contents":{"text":{"maxCharacters":500}}}""")]
    [InlineData("firecrawl", "/v2/search", """{"query":"red foxes","limit":3}""")]
    public async Task Each_vendor_is_asked_as_it_documents(string name, string path, string body)
    {
        await SearchAsync(name);
        var request = Assert.Single(vendors[name].Requests);
        Assert.Equal(("POST", path, body), (request.Method, request.Path, request.Json.ToJsonString()));
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task An_error_answer_becomes_a_failure(string name, Behaviour answer, ProviderFailure failure, string detail)
    {
        vendors[name].Script(null, answer.With("Retry-After", "3"));
        var outcome = await SearchAsync(name);
        Assert.Equal((failure, detail, TimeSpan.FromSeconds(3)), (outcome.Failure, outcome.Detail, outcome.RetryAfter));
        Assert.Single(vendors[name].Requests);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_broken_body_is_a_bad_answer(string name)
    {
        foreach (var body in new[] { """{"results":[{"ti""", "null", "[]", "{}", "", """{"results":{},"organic":"?","data":{"web":7}}""" })
        {
            vendors[name].Script(null, Behaviour.Answer(200, body));
            Assert.Equal(ProviderFailure.BadAnswer, (await SearchAsync(name)).Failure);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_lost_connection_is_told_apart_from_one_never_made(string name)
    {
        vendors[name].Script(null, Behaviour.Reset, Behaviour.CutOff("""{"results":["""));
        Assert.Equal(ProviderFailure.ConnectionLost, (await SearchAsync(name)).Failure);
        Assert.Equal(ProviderFailure.ConnectionLost, (await SearchAsync(name)).Failure);
        await vendors[name].DisposeAsync();
        Assert.Equal(ProviderFailure.Unavailable, (await SearchAsync(name)).Failure);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Cancellation_ends_a_call_that_hangs_or_stalls(string name)
    {
        foreach (var trouble in new[] { Behaviour.Hang, Behaviour.Stall("{") })
        {
            vendors[name].Script(null, trouble);
            var before = vendors[name].Requests.Count;
            using var cancellation = new CancellationTokenSource();
            var call = SearchAsync(name, cancellation.Token);
            await Wait.UntilAsync(() => vendors[name].Requests.Count > before, "the vendor has the request");
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_wrong_key_is_unauthorized_and_not_in_the_answer(string name)
    {
        await using var stranger = await ProviderWorld.StartAsync(settings: [.. vendors.Settings, ($"Providers:{name}:ApiKey", "wrong-key-0123456789")]);
        var outcome = await stranger.Registry.Search(name)!.SearchAsync(new SearchCall(name, "foxes", 3), CancellationToken.None);
        Assert.Equal(ProviderFailure.Unauthorized, outcome.Failure);
        Assert.DoesNotContain("wrong-key", outcome.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_pages_that_a_browser_could_open_are_kept_each_cut_to_size_and_no_more_than_asked()
    {
        var pages = new object[]
        {
            "?", new { title = "No address" }, new { title = "Script", url = "javascript:alert(1)" }, new { title = "File", url = "file:///etc/hostname" },
            new { title = "Long address", url = "https://example.com/" + new string('a', 3_000) }, new { title = 7, url = "https://example.com/1", content = (string?)null, score = "high" },
            new { title = new string('t', 500), url = "http://example.com/2", content = new string('c', 999) + "🦊 and more", published_date = "yesterday" },
            new { title = "Third", url = "https://example.com/3" }, new { title = "Fourth", url = "https://example.com/4" },
        };
        vendors["tavily"].Script(null, Behaviour.Answer(200, System.Text.Json.JsonSerializer.Serialize(new { results = pages })));
        var hits = (await SearchAsync("tavily")).Value!.Results;
        Assert.Equal(["example.com", new string('t', 300), "Third"], hits.Select(hit => hit.Title));
        Assert.Equal(["", new string('c', 999), ""], hits.Select(hit => hit.Snippet));
        Assert.All(hits, hit => Assert.Equal((null, null), (hit.Score, hit.PublishedAt)));
    }

    [Fact]
    public async Task Firecrawls_older_answer_is_understood()
    {
        vendors["firecrawl"].Script(null, FirecrawlStandIn.FoundInOneList);
        Assert.Equal(2, (await SearchAsync("firecrawl")).Value!.Results.Length);
    }

    [Fact]
    public async Task An_answer_without_end_is_not_read_to_it()
    {
        vendors["exa"].Script(null, Behaviour.Answer(200, new string(' ', 5 * 1024 * 1024)));
        Assert.Equal(ProviderFailure.BadAnswer, (await SearchAsync("exa")).Failure);
    }

    private Task<ProviderOutcome<SearchResult>> SearchAsync(string name, CancellationToken cancellationToken = default) =>
        world.Registry.Search(name)!.SearchAsync(new SearchCall(name, "red foxes", 3), cancellationToken);
}
