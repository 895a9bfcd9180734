using System.Text.Json;

namespace ServerlessAi.Tests.Reporting;

/// <summary>Price lists, and refusals that name what is missing, field by field.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task Too_few_credits_are_402_with_what_there_is_and_what_is_needed()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Credits:SignUp"] = "0" });
        await using var running = app;

        var reply = await app.CompleteAsync("ann", "hello");

        Assert.Equal(402, reply.Status);
        Assert.Equal(["type", "title", "status", "detail", "code", "requestId", "creditsAvailable", "creditsNeeded"], Names(reply.Body));
        Assert.Equal(("urn:serverlessai:problem:insufficient_credits", "402", "insufficient_credits"), (reply.Text("type"), reply.Text("status"), reply.Code));
        Assert.Equal("The account has too few credits for this request.", reply.Text("detail"));
        Assert.Equal(0, reply.Number("creditsAvailable"));
        Assert.True(reply.Number("creditsNeeded") > 0);
        Assert.Equal(reply.Headers["x-request-id"], reply.Text("requestId"));
    }

    [Fact]
    public async Task A_limit_of_the_plan_is_429_with_what_is_used_and_when_it_starts_anew()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Plans:Items:free:Providers:anthropic:Calls"] = "1" });
        await using var running = app;
        await app.CompleteAsync("ann", "one");

        var reply = await app.CompleteAsync("ann", "two");

        Assert.Equal(429, reply.Status);
        Assert.Equal(["type", "title", "status", "detail", "code", "requestId", "currentUsage", "limit", "limitType", "plan", "provider", "resetsAt", "retryAfterMs"], Names(reply.Body));
        Assert.Equal(("usage_limit_exceeded", "calls", "free", "anthropic"), (reply.Code, reply.Text("limitType"), reply.Text("plan"), reply.Text("provider")));
        Assert.Equal((1, 1), (reply.Number("currentUsage"), reply.Number("limit")));
        Assert.Equal(new DateTimeOffset(2040, 6, 1, 0, 0, 0, TimeSpan.Zero), reply.Body.GetProperty("resetsAt").GetDateTimeOffset());
        Assert.Equal(15.5m * 24 * 3600 * 1000, reply.Number("retryAfterMs"));
        Assert.Equal("1339200", reply.Headers["Retry-After"]);
    }

    [Fact]
    public async Task Plans_and_prices_name_their_fields()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var running = app;

        var plans = (await app.GetAsync("subscription/plans")).Body.GetProperty("data");
        var pricing = (await app.GetAsync("subscription/pricing")).Body.GetProperty("data");

        Assert.Equal(["free", "starter", "basic", "premium", "pro", "enterprise"], plans.EnumerateArray().Select(plan => plan.GetProperty("id").GetString()));
        Script.AssertIs("""
            {"id":"starter","name":"Starter","description":"","price":9,"currency":"USD","interval":"month","credits":100,
             "limits":{"spacing_ms":800,"requests_per_minute":60,"concurrent_jobs":2,"tokens_per_day":500000,"free_images_per_day":3,"providers":{},"model_access":["starter"],
              "monthly_cap_usd":100,"max_output_tokens":4096,"minimum_balance_usd":0.01} }
            """, plans[1]);
        Assert.Equal(["currency", "usd_per_credit", "providers"], Names(pricing));
        Script.AssertIs("""
            {"model":"tavily-search","name":"search","kind":"search","tier":"standard","aliases":[],"price_version":1,"usd_per_call":0.0015}
            """, pricing.GetProperty("providers").GetProperty("tavily")[0]);
    }

    [Fact]
    public async Task Alerts_name_their_fields()
    {
        await using var app = await PayloadTests.StartAsync();

        var data = (await app.GetAsync("subscription/alerts/ann")).Body.GetProperty("data");

        Assert.Equal(["alerts", "unread"], Names(data));
        Assert.Equal("204005-basic.tokens.openai-80", Assert.Single(data.GetProperty("alerts").EnumerateArray()).GetProperty("id").GetString());
    }

    private static IEnumerable<string> Names(JsonElement body) => body.EnumerateObject().Select(field => field.Name);
}
