using ServerlessAi.Tests.Reporting;

namespace ServerlessAi.Tests.Contracts;

/// <summary>Refusals about money and limits, whole problem documents.</summary>
public sealed class RefusalContractTests
{
    [Fact]
    public Task Too_few_credits_are_402_with_what_there_is_and_what_is_needed() =>
        AssertRefusedAsync(402, "402-insufficient-credits", [("Credits:SignUp", "0")], app => AskAsync(app));

    [Fact]
    public Task To_a_client_of_OpenAI_too_few_credits_are_an_error_of_its_form() =>
        AssertRefusedAsync(402, "402-insufficient-credits-v1", [("Credits:SignUp", "0")], app => SendAsync(
            app, "v1/chat/completions", new { model = "openai-gpt-4.1", messages = new[] { new { role = "user", content = "hello" } } }), "application/json; charset=utf-8");

    [Fact]
    public async Task A_limit_of_calls_is_429_with_what_is_used_and_when_it_starts_anew()
    {
        var reply = await AssertRefusedAsync(429, "429-usage-limit-exceeded-calls", [("Plans:Items:free:Providers:anthropic:Calls", "1")], async app =>
        {
            await Script.CallAsync(app, "one", 0.1m, 0.001m, 10, 10, model: "anthropic-claude-haiku-4-5");
            return await AskAsync(app);
        });
        Assert.Equal("1339200", reply.Headers["Retry-After"]);
    }

    [Fact]
    public Task A_limit_of_tokens_is_429() =>
        AssertRefusedAsync(429, "429-usage-limit-exceeded-tokens", [("Plans:Items:free:Providers:anthropic:Tokens", "20")], async app =>
        {
            await Script.CallAsync(app, "one", 0.1m, 0.001m, 10, 10, model: "anthropic-claude-haiku-4-5");
            return await AskAsync(app);
        });

    [Fact]
    public Task A_limit_of_cost_is_429() =>
        AssertRefusedAsync(429, "429-usage-limit-exceeded-cost", [("Plans:Items:free:CostLimitUsd", "0.5")], async app =>
        {
            await Script.CallAsync(app, "one", 0.1m, 0.5m, 10, 10, model: "anthropic-claude-haiku-4-5");
            return await AskAsync(app);
        });

    [Fact]
    public async Task Requests_that_follow_each_other_too_closely_are_429_with_how_long_to_wait()
    {
        var reply = await AssertRefusedAsync(429, "429-rate-limited", [("Plans:Items:free:SpacingMs", "800")], async app =>
        {
            await Script.CallAsync(app, "one", 0.1m, 0.001m);
            app.Clock.Advance(TimeSpan.FromMilliseconds(300));
            return await AskAsync(app);
        });
        Assert.Equal("1", reply.Headers["Retry-After"]);
    }

    [Fact]
    public Task Too_many_requests_in_a_minute_are_429() =>
        AssertRefusedAsync(429, "429-rate-limited-minute", [("Plans:Items:free:RequestsPerMinute", "1")], async app =>
        {
            await Script.CallAsync(app, "one", 0.1m, 0.001m);
            return await AskAsync(app);
        });

    [Fact]
    public Task More_jobs_at_once_than_the_plan_allows_are_429() =>
        AssertRefusedAsync(429, "429-concurrency-limit", [], async app =>
        {
            await Script.ReserveAsync(app, "running", 0.1m, 0.001m, "openai-gpt-4.1", "ann");
            return await AskAsync(app);
        });

    [Fact]
    public Task More_tokens_than_the_day_has_are_429() =>
        AssertRefusedAsync(429, "429-daily-token-limit", [("Plans:Items:free:TokensPerDay", "20")], app => AskAsync(app));

    [Fact]
    public Task A_model_above_the_plan_is_403_with_what_it_requires() =>
        AssertRefusedAsync(403, "403-model-not-allowed", [], app => AskAsync(app, "CLAUDE_3_5"));

    private static async Task<Reply> AssertRefusedAsync(
        int status, string payload, (string Name, string Value)[] settings, Func<TestApp, Task<Reply>> ask, string contentType = "application/problem+json")
    {
        var (app, _) = await TestApp.StartSimulatedAsync(settings.ToDictionary(pair => pair.Name, string? (pair) => pair.Value, StringComparer.Ordinal));
        await using var running = app;

        var reply = await ask(app);

        Assert.Equal((status, contentType), (reply.Status, reply.Headers["Content-Type"]));
        Assert.Equal("contract-1", reply.Headers["x-request-id"]);
        Payload.AssertIs(payload, reply);
        return reply;
    }

    private static Task<Reply> AskAsync(TestApp app, string model = "OPUS_4") => SendAsync(app, "complete", new { userId = "ann", prompt = "hello", model });

    private static Task<Reply> SendAsync(TestApp app, string route, object body) => app.SendAsync(HttpMethod.Post, route, body, change: request =>
    {
        request.Headers.Add("x-user-id", "ann");
        request.Headers.Add("x-request-id", "contract-1");
    });
}
