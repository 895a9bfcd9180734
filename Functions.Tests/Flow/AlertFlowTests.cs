namespace ServerlessAi.Tests.Flow;

/// <summary>From the request that crosses a limit to what its owner is told.</summary>
public sealed class AlertFlowTests
{
    [Fact]
    public async Task Crossing_a_limit_is_listed_and_can_be_marked_read()
    {
        await using var app = await LimitedAsync(calls: 1);
        await app.CompleteAsync("ann", "one");

        var list = (await app.GetAsync("subscription/alerts/ann")).Body.GetProperty("data");

        var alerts = list.GetProperty("alerts").EnumerateArray().ToList();
        Assert.Equal([80, 90, 100], alerts.Select(alert => alert.GetProperty("threshold").GetInt32()).Order());
        Assert.All(alerts, alert => Assert.Equal(
            ("calls.anthropic", 1, 1, "calls", "free"),
            (alert.GetProperty("subject").GetString(), alert.GetProperty("current_usage").GetInt32(), alert.GetProperty("limit").GetInt32(), alert.GetProperty("unit").GetString(), alert.GetProperty("plan").GetString())));
        Assert.Equal(3, list.GetProperty("unread").GetInt32());

        var id = alerts[0].GetProperty("id").GetString()!;
        Assert.Equal(200, (await app.PostAsync($"subscription/alerts/{id}/mark-read", new { userId = "ann" })).Status);
        Assert.Equal(404, (await app.PostAsync($"subscription/alerts/{id}/mark-read", new { userId = "bob" })).Status);
        Assert.Equal(2, (await app.GetAsync("subscription/alerts/ann")).Body.GetProperty("data").GetProperty("unread").GetInt32());
    }

    [Fact]
    public async Task Five_hundred_crossings_at_once_by_two_instances_raise_each_level_once()
    {
        var settings = new Dictionary<string, string?>
        {
            ["Plans:Items:free:ConcurrentJobs"] = "200",
            ["Plans:Items:free:RequestsPerMinute"] = "0",
            ["Plans:Items:free:Providers:tavily:Calls"] = "250",
            ["Plans:Items:free:TokensPerDay"] = "100000000",
            ["Credits:SignUp"] = "1000",
            ["Credits:ConflictAttempts"] = "100",
            ["Gateway:CallerRequestsPerSecond"] = "10000",
            ["Gateway:CallerBurst"] = "10000",
        };
        var (one, storage) = await TestApp.StartSimulatedAsync(settings);
        await using var first = one;
        var (two, _) = await TestApp.StartSimulatedAsync(settings, sharing: first, storage: storage);
        await using var second = two;

        var replies = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => (i % 2 == 0 ? first : second).PostAsync("search", new { userId = "ann", query = "foxes " + i, provider = "tavily" })));

        Assert.InRange(replies.Count(reply => reply.Status == 200), 1, 250);
        for (var i = 0; i < 500 && replies.Count(reply => reply.Status == 200) < 250; i++)
        {
            replies = [.. replies, await first.PostAsync("search", new { userId = "ann", query = "more foxes " + i, provider = "tavily" })];
        }

        Assert.Equal(250, replies.Count(reply => reply.Status == 200));
        Assert.Equal("usage_limit_exceeded", (await second.PostAsync("search", new { userId = "ann", query = "the last", provider = "tavily" })).Code);
        var alerts = (await second.GetAsync("subscription/alerts/ann")).Body.GetProperty("data").GetProperty("alerts").EnumerateArray().Where(alert => alert.GetProperty("subject").GetString() == "calls.tavily");
        Assert.Equal([80, 90, 100], alerts.Select(alert => alert.GetProperty("threshold").GetInt32()).Order());
        Assert.True((await first.GetAsync("manage/audit", first.Admin)).Flag("conserved"));
    }

    private static Task<TestApp> LimitedAsync(int calls) => TestApp.StartAsync(new Dictionary<string, string?> { ["Plans:Items:free:Providers:anthropic:Calls"] = $"{calls}" });
}
