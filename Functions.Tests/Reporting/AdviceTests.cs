namespace ServerlessAi.Tests.Reporting;

public sealed class AdviceTests
{
    [Fact]
    public async Task A_cheaper_model_that_can_do_the_same_is_recommended_with_its_arithmetic()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Providers:OpenAI:ApiKey"] = "a-key-of-tests", ["Credits:SignUp"] = "1000" });
        await using var running = app;
        await Script.CallAsync(app, "one", 3, 0.1m, 100_000, 50_000);
        app.Clock.Advance(TimeSpan.FromDays(20));

        var data = (await app.GetAsync("subscription/recommendations/ann")).Body.GetProperty("data");

        Assert.Equal(["period", "models", "current_plan", "plan_saves", "plans"], data.EnumerateObject().Select(field => field.Name).Where(name => name != "better_plan"));
        var advice = Assert.Single(data.GetProperty("models").EnumerateArray());
        Assert.Equal(["model", "instead", "calls", "credits_now", "credits_then", "saves", "arithmetic"], advice.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("openai-gpt-4.1", "openai-gpt-4.1-nano"), (advice.GetProperty("model").GetString(), advice.GetProperty("instead").GetString()));
        Assert.Equal(advice.GetProperty("saves").GetDecimal(), advice.GetProperty("credits_now").GetDecimal() - advice.GetProperty("credits_then").GetDecimal());
        Assert.Equal("2040-05", data.GetProperty("period").GetString());
    }

    [Fact]
    public async Task A_plan_is_recommended_when_it_would_have_been_cheaper_and_its_limits_fit()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Credits:SignUp"] = "1000" });
        await using var running = app;
        await Script.CallAsync(app, "one", 95, 0.1m, 1, 1);

        var data = (await app.GetAsync("subscription/recommendations/ann")).Body.GetProperty("data");

        // 95 credits: $9.50 at ten cents each; Starter grants 100 for $9.
        Assert.Equal(("free", "starter", 0.5m), (data.GetProperty("current_plan").GetString(), data.GetProperty("better_plan").GetString(), data.GetProperty("plan_saves").GetDecimal()));
        Script.AssertIs(
            """{"plan":"starter","price":9,"credits_granted":100,"credits_bought":0,"total":9,"fits":true,"arithmetic":"$9 + (95 used - 100 granted, at least 0) credits at $0.10 = $9.00"}""",
            data.GetProperty("plans").EnumerateArray().Single(plan => plan.GetProperty("plan").GetString() == "starter"));
    }
}
