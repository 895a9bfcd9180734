using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Flow;

public sealed class MoneyFlowTests
{
    private static readonly Dictionary<string, string?> ManyAtOnce = new(StringComparer.Ordinal)
    {
        ["Credits:SignUp"] = "0",
        ["Plans:Items:free:FreeImagesPerDay"] = "0",
        ["Plans:Items:free:ConcurrentJobs"] = "100",
        ["Plans:Items:free:RequestsPerMinute"] = "0",
    };

    [Fact]
    public async Task Of_50_concurrent_requests_a_balance_for_7_pays_exactly_7()
    {
        await using var app = await TestApp.StartAsync(ManyAtOnce);
        await app.GiveAsync("ann", 7.5m);

        var replies = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => app.ImageAsync("ann", $"picture number {i}")));

        await AssertSevenAsync(app, replies, remainder: 0.5m);
    }

    [Fact]
    public async Task Two_instances_on_one_storage_together_sell_exactly_what_there_is()
    {
        await using var one = await TestApp.StartAsync(ManyAtOnce);
        await using var two = await TestApp.StartAsync(sharing: one);
        await one.GiveAsync("ann", 7);

        var replies = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => (i % 2 == 0 ? one : two).ImageAsync("ann", $"picture number {i}")));

        await AssertSevenAsync(one, replies, remainder: 0);
    }

    [Fact]
    public async Task Two_processes_on_one_storage_together_sell_exactly_what_there_is()
    {
        await using var app = await TestApp.StartAsync(ManyAtOnce);
        await using var one = await AppProcess.StartAsync(app.Settings);
        await using var two = await AppProcess.StartAsync(app.Settings);
        await app.PostAsync("manage/users/ann/credits", new { amount = 7, kind = "purchase" }, Admin(one));

        var replies = await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            app.PostAsync("ai-preview-image", new { userId = "ann", prompt = $"picture number {i}" }, (i % 2 == 0 ? one : two).Http)));

        await AssertSevenAsync(app, replies, remainder: 0);
    }

    [Fact]
    public async Task Of_500_requests_over_two_processes_a_balance_of_37_lets_exactly_37_reach_the_provider()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        await using var app = await TestApp.StartAsync(OverOpenAI(openAI));
        await using var one = await AppProcess.StartAsync(app.Settings);
        await using var two = await AppProcess.StartAsync(app.Settings);
        await app.PostAsync("manage/users/ann/credits", new { amount = 37, kind = "purchase" }, Admin(one));

        var replies = await Task.WhenAll(Enumerable.Range(0, 500).Select(i =>
            app.PostAsync("ai-preview-image", new { userId = "ann", prompt = $"picture number {i}" }, (i % 2 == 0 ? one : two).Http)));

        Assert.Equal((37, 37), (replies.Count(reply => reply.Status == 200), openAI.Requests.Count));
        Assert.All(replies.Where(reply => reply.Status != 200), reply => Assert.True(reply.Code is "insufficient_credits" or "account_busy", reply.Code));
        await Ledger.AssertAsync(app, credits: 0, charges: 37);
    }

    [Fact]
    public async Task Of_100_requests_with_one_key_over_two_processes_one_reaches_the_provider()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        await using var app = await TestApp.StartAsync(OverOpenAI(openAI));
        await using var one = await AppProcess.StartAsync(app.Settings);
        await using var two = await AppProcess.StartAsync(app.Settings);
        await app.PostAsync("manage/users/ann/credits", new { amount = 5, kind = "purchase" }, Admin(one));

        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => app.SendAsync(
            HttpMethod.Post, "ai-preview-image", new { userId = "ann", prompt = "the very same" }, (i % 2 == 0 ? one : two).Http, request => request.Headers.Add("Idempotency-Key", "order-1"))));

        Assert.Single(openAI.Requests);
        Assert.All(replies, reply => Assert.True(reply.Status == 200 || reply.Code == "idempotency_in_flight", $"{reply.Status} {reply.Code}"));
        Assert.Single(replies.Where(reply => reply.Status == 200).Select(reply => reply.Body.GetRawText()).Distinct(StringComparer.Ordinal));
        await Ledger.AssertAsync(app, credits: 4, charges: 1);
    }

    [Fact]
    public async Task A_restart_keeps_balances_prices_cache_and_images()
    {
        var first = await TestApp.StartAsync();
        await first.GiveAsync("ann", 5);
        await first.SendAsync(HttpMethod.Put, "manage/model-prices/openai-gpt-4.1", new { input_price = 3.5 }, first.Admin);
        var image = await first.ImageAsync("ann", "a red fox");
        await first.DisposeAsync();

        await using var again = await TestApp.StartAsync(sharing: first);

        Assert.Equal(15, (await again.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Equal(3.5m, (await again.GetAsync("manage/model-prices/openai-gpt-4.1", again.Admin)).Number("input_price"));
        var cached = await again.ImageAsync("bob", "fox, red");
        Assert.Equal((true, image.Text("imageId")), (cached.Flag("cached"), cached.Text("imageId")));
        using var anonymous = new HttpClient();
        Assert.NotEmpty(await anonymous.GetByteArrayAsync(new Uri(cached.Text("imageUrl")!)));
    }

    [Fact]
    public async Task Without_storage_health_says_so_requests_get_503_and_nothing_is_charged_afterwards()
    {
        await using var azurite = await Azurite.StartOwnAsync();
        await using var app = await TestApp.StartAsync(connectionString: azurite.ConnectionString);
        await app.CompleteAsync("ann", "before");
        var before = await app.GetAsync("credits?userId=ann");
        await azurite.StopAsync();

        var replies = await Task.WhenAll(app.CompleteAsync("ann", "during"), app.ImageAsync("ann", "during"), app.ImageAsync("new", "during"));
        var health = await app.GetAsync("health");
        await azurite.RestartAsync();

        Assert.All(replies, reply => Assert.Equal((503, "storage_unavailable"), (reply.Status, reply.Code)));
        Assert.All(replies, reply => Assert.True(reply.Headers.ContainsKey("Retry-After")));
        Assert.Equal((503, "unhealthy"), (health.Status, health.Text("status")));
        var after = await app.GetAsync("credits?userId=ann");
        Assert.Equal((before.Number("credits"), 0m), (after.Number("credits"), after.Number("heldCredits")));
        Assert.Equal(200, (await app.CompleteAsync("ann", "after")).Status);
    }

    [Fact]
    public async Task Prices_come_from_the_shipped_catalog_while_storage_cannot_be_reached()
    {
        await using var azurite = await Azurite.StartOwnAsync();
        await using var app = await TestApp.StartAsync(connectionString: azurite.ConnectionString);
        await azurite.StopAsync();

        var health = await app.GetAsync("health");

        Assert.Equal("shipped", health.Text("catalog"));
    }

    private static Dictionary<string, string?> OverOpenAI(OpenAIStandIn standIn) => new(ManyAtOnce, StringComparer.Ordinal)
    {
        ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
        ["Providers:OpenAI:BaseUrl"] = standIn.V1,
    };

    private static HttpClient Admin(AppProcess process)
    {
        process.Http.DefaultRequestHeaders.Authorization = new("Bearer", TestApp.AdminKey);
        return process.Http;
    }

    [Fact]
    public async Task Prices_that_were_read_before_serve_on_when_storage_goes_even_right_after_a_change()
    {
        await using var azurite = await Azurite.StartOwnAsync();
        await using var app = await TestApp.StartAsync(connectionString: azurite.ConnectionString);
        await app.CompleteAsync("ann", "before");
        await app.SendAsync(HttpMethod.Put, "manage/model-prices/openai-gpt-4.1", new { input_price = 3.5 }, app.Admin);
        await azurite.StopAsync();

        Assert.Equal("stale", (await app.GetAsync("health")).Text("catalog"));
    }

    private static async Task AssertSevenAsync(TestApp app, Reply[] replies, decimal remainder)
    {
        Assert.Equal(7, replies.Count(reply => reply.Status == 200));
        Assert.All(replies.Where(reply => reply.Status != 200), reply => Assert.Equal((402, "insufficient_credits"), (reply.Status, reply.Code)));
        var credits = await app.GetAsync("credits?userId=ann");
        Assert.Equal((remainder, 0m), (credits.Number("credits"), credits.Number("heldCredits")));
        var entries = await app.Get<AccountHistory>().ReadEntriesAsync("ann", AccountHistory.PageLimit, before: null, CancellationToken.None);
        Assert.Equal(Enumerable.Range(1, entries.Count).Reverse().Select(number => (long)number), entries.Select(entry => entry.Sequence));
        Assert.Equal(remainder, Money.ToCredits(entries.Sum(entry => entry.AmountMicro)));
        Assert.Equal(7, entries.Count(entry => entry.Kind == EntryKind.Charge));
        var state = (await app.Get<AccountStore>().ReadStoredAsync("ann"))!;
        Assert.Equal((7, 0L, 7 * 80_000_000L), (state.Month.Images, state.Month.CostHeldNanoUsd, state.Month.CostNanoUsd));
    }
}
