using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Accounts;
using ServerlessAi.Tests.Providers;

namespace ServerlessAi.Tests.Flow;

/// <summary>Searches through the whole app: at a price for the call, through the same gateway as everything else.</summary>
public sealed class SearchFlowTests
{
    [Fact]
    public async Task Without_any_key_the_sample_finds_and_a_search_is_charged_once_and_then_cached()
    {
        await using var app = await TestApp.StartAsync();

        var first = await SearchAsync(app, new { userId = "ann", query = "red foxes", maxResults = 2 });
        var second = await SearchAsync(app, new { userId = "bob", query = " red foxes ", maxResults = 2 });

        Assert.Equal((200, "sample", false, 0.015m), (first.Status, first.Text("provider"), first.Flag("cached"), first.Number("creditsCharged")));
        var results = first.Body.GetProperty("results");
        Assert.Equal(2, results.GetArrayLength());
        Assert.Equal("https://example.com/page-1", results[0].GetProperty("url").GetString());
        Assert.Equal((200, true, 0m), (second.Status, second.Flag("cached"), second.Number("creditsCharged")));
        Assert.Equal(results.ToString(), second.Body.GetProperty("results").ToString());
        await Ledger.AssertAsync(app, credits: 9.985m, charges: 1);
    }

    [Fact]
    public async Task A_repeated_idempotency_key_gets_the_same_bytes_and_is_charged_once()
    {
        await using var app = await TestApp.StartAsync();
        object body = new { userId = "ann", query = "red foxes", useCache = false };

        var first = await Keyed.SendAsync(app, "search-1", body, "search");
        var second = await Keyed.SendAsync(app, "search-1", body, "search");

        Assert.Equal((200, 200, first.Text, true), (first.Status, second.Status, second.Text, second.IsReplayed));
        await Ledger.AssertAsync(app, credits: 9.985m, charges: 1);
    }

    [Theory]
    [InlineData("tavily", null, "tavily", 0.015)]
    [InlineData("Exa", null, "exa", 0.045)]
    [InlineData(null, "firecrawl-search", "firecrawl", 0.03)]
    [InlineData(null, null, "tavily", 0.015)]
    public async Task A_provider_or_a_model_can_be_named_and_each_has_its_price(string? provider, string? model, string served, double credits)
    {
        await using var vendors = await SearchVendors.StartAsync();
        await using var app = await StartAsync(vendors);

        var reply = await SearchAsync(app, new { userId = "ann", query = "foxes", provider, model });

        Assert.Equal((200, served, (decimal)credits), (reply.Status, reply.Text("provider"), reply.Number("creditsCharged")));
        Assert.Equal("The red fox", reply.Body.GetProperty("results")[0].GetProperty("title").GetString());
    }

    [Fact]
    public async Task When_a_vendor_fails_one_that_is_not_dearer_answers_at_the_selected_price()
    {
        await using var vendors = await SearchVendors.StartAsync();
        await using var app = await StartAsync(vendors);
        vendors["exa"].Script(null, ExaStandIn.Error(503, "SERVICE_UNAVAILABLE", "Busy."));

        var reply = await SearchAsync(app, new { userId = "ann", query = "foxes", provider = "exa" });

        Assert.Equal((200, "tavily", 0.045m), (reply.Status, reply.Text("provider"), reply.Number("creditsCharged")));
        Assert.Equal(0.001m, reply.Receipt.GetProperty("costUsd").GetDecimal());
    }

    [Fact]
    public async Task No_dearer_vendor_is_asked_and_a_failure_charges_nothing_and_tells_how_long_to_wait()
    {
        await using var vendors = await SearchVendors.StartAsync();
        await using var app = await StartAsync(vendors);
        vendors["tavily"].Script(null, TavilyStandIn.Error(429, "Slow down.").With("Retry-After", "40"));
        vendors["serper"].Script(null, SerperStandIn.Error(429, "Slow down.").With("Retry-After", "7"));

        var reply = await SearchAsync(app, new { userId = "ann", query = "foxes", provider = "tavily" });

        Assert.Equal((503, "provider_busy", "7"), (reply.Status, reply.Code, reply.Headers["Retry-After"]));
        Assert.Empty(vendors["exa"].Requests);
        Assert.Empty(vendors["firecrawl"].Requests);
        Assert.Equal(10, (await app.GetAsync("balance?userId=ann")).Number("credits"));
        var usage = await app.Get<AccountHistory>().ReadUsageAsync("ann", AccountHistory.PageLimit, CancellationToken.None);
        Assert.Equal((UsageEvents.Failed, WorkKind.Search), (usage.Single().Event, usage.Single().Kind));
    }

    [Fact]
    public async Task A_search_whose_outcome_nobody_knows_counts_as_cost_and_is_not_charged()
    {
        await using var vendors = await SearchVendors.StartAsync();
        await using var app = await StartAsync(vendors);
        vendors["tavily"].Script(null, Behaviour.Reset);

        var reply = await SearchAsync(app, new { userId = "ann", query = "foxes", provider = "tavily" });

        Assert.Equal((200, "serper", 0.015m), (reply.Status, reply.Text("provider"), reply.Number("creditsCharged")));
        Assert.Equal((0.002m, 0.001m), (reply.Receipt.GetProperty("costUsd").GetDecimal(), reply.Receipt.GetProperty("uncertainCostUsd").GetDecimal()));
        var audit = await app.GetAsync("manage/audit", app.Admin);
        Assert.True(audit.Flag("conserved"), audit.Body.ToString());
    }

    [Theory]
    [InlineData("""{ "query": "" }""", "'query'")]
    [InlineData("""{ "query": "foxes", "maxResults": 0 }""", "'maxResults'")]
    [InlineData("""{ "query": "foxes", "maxResults": 11 }""", "'maxResults'")]
    [InlineData("""{ "query": "foxes", "provider": "exa", "model": "exa-search" }""", "not both")]
    [InlineData("""{ "query": "foxes", "provider": "altavista" }""", "altavista")]
    [InlineData("""{ "query": "foxes", "model": "OPUS_4" }""", "OPUS_4")]
    [InlineData("""{ "query": "foxes", "cacheTTL": -1 }""", "'cacheTTL'")]
    public async Task What_is_wrong_with_a_search_is_said(string body, string words)
    {
        await using var app = await TestApp.StartAsync();
        var json = System.Text.Json.Nodes.JsonNode.Parse(body)!;
        json["userId"] = "ann";

        var reply = await SearchAsync(app, json);

        Assert.Equal((400, "invalid_request"), (reply.Status, reply.Code));
        Assert.Contains(words, reply.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vendor_without_a_key_is_not_there_and_an_empty_account_does_not_search()
    {
        await using var vendors = await SearchVendors.StartAsync();
        await using var app = await StartAsync(vendors, ("Providers:exa:ApiKey", null), ("Credits:SignUp", "0.02"), ("Plans:Items:free:MinimumBalanceUsd", "0"));

        Assert.Equal(400, (await SearchAsync(app, new { userId = "ann", query = "foxes", provider = "exa" })).Status);
        Assert.Equal(402, (await SearchAsync(app, new { userId = "ann", query = "foxes", provider = "firecrawl" })).Status);
        Assert.Equal(200, (await SearchAsync(app, new { userId = "ann", query = "foxes", provider = "serper" })).Status);
        Assert.Empty(vendors["firecrawl"].Requests);
    }

    [Fact]
    public async Task An_estimate_says_what_a_search_will_cost()
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.PostAsync("estimate", new { userId = "ann", kind = "search", query = "foxes", provider = "exa" });

        Assert.Equal((200, "exa-search", 0.045m, 0.003m), (reply.Status, reply.Text("model"), reply.Number("credits"), reply.Number("costUsd")));
    }

    private static Task<Reply> SearchAsync(TestApp app, object body) => app.PostAsync("search", body);

    private static Task<TestApp> StartAsync(SearchVendors vendors, params (string Name, string? Value)[] settings)
    {
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in vendors.Settings.Concat(settings))
        {
            all[name] = value;
        }

        return TestApp.StartAsync(all);
    }
}
