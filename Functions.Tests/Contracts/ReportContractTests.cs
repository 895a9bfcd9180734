namespace ServerlessAi.Tests.Contracts;

/// <summary>What the routes of subscriptions, usage and credits answer, whole bodies, of ann's two days (<see cref="Story"/>).</summary>
public sealed class ReportContractTests
{
    /// <summary>A payload's name and the request that it answers.</summary>
    public static TheoryData<string, string> Payloads => new()
    {
        { "dashboard", "subscription/dashboard/ann" },
        { "usage", "subscription/usage/ann?period=2040-05" },
        { "usage-of-a-quiet-month", "subscription/usage/ann?period=2040-04" },
        { "usage-trends", "subscription/usage/ann/trends?months=2" },
        { "alerts", "subscription/alerts/ann" },
        { "plans", "subscription/plans" },
        { "subscription", "subscription/user/ann/subscription" },
        { "subscription-of-a-new-user", "subscription/user/new/subscription" },
        { "pricing", "subscription/pricing" },
        { "billing", "subscription/billing/ann" },
        { "recommendations", "subscription/recommendations/ann" },
        { "credits", "credits?userId=ann" },
        { "credits-history", "credits/history?userId=ann" },
        { "credits-history-page", "credits/history?userId=ann&limit=1&before=4" },
        { "credits-analytics", "credits/analytics?userId=ann" },
        { "ai-credits-status", "ai-credits-status?userId=new" },
        { "balance", "balance?userId=ann" },
        { "usage-chat", "usage/chat/c%201?userId=ann" },
    };

    [Theory]
    [MemberData(nameof(Payloads))]
    public async Task The_answer_is_the_payload_of_the_contract(string payload, string path)
    {
        await using var app = await Story.StartAsync();

        var reply = await app.GetAsync(path);

        Assert.Equal((200, "application/json; charset=utf-8"), (reply.Status, reply.Headers["Content-Type"]));
        Payload.AssertIs(payload, reply);
    }

    [Fact]
    public async Task Marking_an_alert_as_read_answers_with_the_alert()
    {
        await using var app = await Story.StartAsync();

        Payload.AssertIs("alert-read", await app.PostAsync("subscription/alerts/204005-basic.tokens.openai-80/mark-read", new { userId = "ann" }));
    }

    [Theory]
    [InlineData("subscription/usage/ann?period=May")]
    [InlineData("subscription/usage/ann/trends?months=13")]
    [InlineData("subscription/usage/ann/trends?months=0")]
    public async Task What_no_report_can_be_of_is_400(string path)
    {
        await using var app = await Story.StartAsync();

        var reply = await app.GetAsync(path);

        Assert.Equal((400, "invalid_request"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task A_hit_of_the_cache_counts_for_whom_it_answered()
    {
        await using var app = await Story.StartAsync();
        await app.CompleteAsync("bob", "the same");
        await app.CompleteAsync("bob", "the same");
        await app.Get<ServerlessAi.Accounts.Reports.CacheHits>().FlushAsync(CancellationToken.None);

        var bob = await app.GetAsync("credits/analytics?userId=bob");

        Assert.Equal((1, 0.5m, 1), (bob.Number("cacheHits"), bob.Number("cacheHitRate"), bob.Body.GetProperty("days")[29].GetProperty("cacheHits").GetInt32()));
    }
}
