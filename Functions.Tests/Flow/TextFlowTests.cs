namespace ServerlessAi.Tests.Flow;

public sealed class TextFlowTests
{
    [Fact]
    public async Task A_completion_is_charged_a_credit_for_10000_tokens_times_the_models_multiplier()
    {
        await using var app = await TestApp.StartAsync();
        await app.SubscribeAsync("ann", "premium");

        foreach (var (model, multiplier) in new[] { ("OPUS_4", 1m), ("CLAUDE_3_5", 1.5m) })
        {
            var reply = await app.CompleteAsync("ann", "Tell me of foxes in " + model, model);

            Assert.Equal(200, reply.Status);
            Assert.Equal(reply.Number("tokens") * multiplier / 10_000, reply.Number("creditsUsed"));
        }
    }

    [Fact]
    public async Task The_same_parameters_answer_from_the_cache_for_an_hour_and_others_do_not()
    {
        await using var app = await TestApp.StartAsync();
        var first = await app.CompleteAsync("ann", "hello");

        var again = await app.CompleteAsync("bob", "hello");
        var otherCase = await app.CompleteAsync("bob", "Hello");
        app.Clock.Advance(TimeSpan.FromMinutes(61));
        var later = await app.CompleteAsync("bob", "hello");

        Assert.Equal((true, 0m, first.Text("text")), (again.Flag("cached"), again.Number("creditsUsed"), again.Text("text")));
        Assert.False(otherCase.Flag("cached"));
        Assert.False(later.Flag("cached"));
    }

    [Fact]
    public async Task What_is_reserved_and_not_used_is_released_and_the_history_names_the_call()
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.CompleteAsync("ann", "hello", maxTokens: 2_000);
        var history = await app.GetAsync("credits/history?userId=ann");

        var charged = reply.Number("creditsUsed");
        Assert.Equal(
            reply.Receipt.GetProperty("creditsReserved").GetDecimal(), charged + reply.Receipt.GetProperty("creditsReleased").GetDecimal());
        var entry = history.Body.GetProperty("entries")[0];
        Assert.Equal(("charge", -charged, 10 - charged), (entry.GetProperty("kind").GetString(), entry.GetProperty("amount").GetDecimal(), entry.GetProperty("balance").GetDecimal()));
        Assert.Equal("anthropic-claude-haiku-4-5", entry.GetProperty("modelSelected").GetString());
        Assert.Equal(reply.Number("tokens"), entry.GetProperty("tokens").GetDecimal());
        Assert.True(entry.GetProperty("costUsd").GetDecimal() > 0);
    }

    [Fact]
    public async Task Headers_tell_what_is_left_of_credits_requests_and_tokens()
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.CompleteAsync("ann", "hello");

        Assert.Equal(10 - reply.Number("creditsUsed"), decimal.Parse(reply.Headers["x-credits-remaining"], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(("60", "59"), (reply.Headers["x-ratelimit-limit-requests"], reply.Headers["x-ratelimit-remaining-requests"]));
        Assert.Equal(200_000 - reply.Number("tokens"), int.Parse(reply.Headers["x-ratelimit-remaining-tokens"], System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task An_estimate_says_what_a_request_may_cost_and_reserves_nothing()
    {
        await using var app = await TestApp.StartAsync();

        var text = await app.PostAsync("estimate", new { userId = "ann", prompt = "hello", model = "OPUS_4", maxTokens = 1_000 });
        var image = await app.PostAsync("estimate", new { userId = "ann", prompt = "a fox", kind = "image" });

        Assert.Equal((true, true), (text.Flag("canAfford"), text.Number("credits") >= 0.1m));
        Assert.Equal((true, 0m, 0.08m), (image.Flag("freeQuota"), image.Number("credits"), image.Number("costUsd")));
        Assert.Equal(0, (await app.GetAsync("credits?userId=ann")).Number("heldCredits"));
    }

    [Fact]
    public async Task Somebody_with_less_than_a_cent_gets_402_and_an_estimate_that_says_so()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Credits:SignUp"] = "0.09" });

        var reply = await app.CompleteAsync("ann", "hello");
        var estimate = await app.PostAsync("estimate", new { userId = "ann", prompt = "hello", model = "OPUS_4" });

        Assert.Equal((402, 0.09m), (reply.Status, reply.Number("creditsAvailable")));
        Assert.False(estimate.Flag("canAfford"));
    }

    [Fact]
    public async Task Requests_faster_than_800_ms_get_429_with_RetryAfter()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Plans:Items:free:SpacingMs"] = "800" });
        await app.CompleteAsync("ann", "one");
        app.Clock.Advance(TimeSpan.FromMilliseconds(500));

        var tooFast = await app.CompleteAsync("ann", "two");
        app.Clock.Advance(TimeSpan.FromMilliseconds(300));
        var inTime = await app.CompleteAsync("ann", "two");

        Assert.Equal((429, "rate_limited", "1", 300m), (tooFast.Status, tooFast.Code, tooFast.Headers["Retry-After"], tooFast.Number("retryAfterMs")));
        Assert.Equal(200, inTime.Status);
    }

    [Fact]
    public async Task The_days_tokens_run_out_and_come_back_at_midnight()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Plans:Items:free:TokensPerDay"] = "60" });
        Assert.Equal(200, (await app.CompleteAsync("ann", "one", maxTokens: 16)).Status);
        Assert.Equal(200, (await app.CompleteAsync("ann", "two", maxTokens: 16)).Status);

        var spent = await app.CompleteAsync("ann", "three", maxTokens: 16);
        app.Clock.Advance(TimeSpan.FromHours(12));
        var nextDay = await app.CompleteAsync("ann", "three", maxTokens: 16);

        Assert.Equal((429, "daily_token_limit"), (spent.Status, spent.Code));
        Assert.Equal(200, nextDay.Status);
    }

    [Theory]
    [InlineData("""{"userId":"ann","prompt":"x","maxTokens":0}""")]
    [InlineData("""{"userId":"ann","prompt":"x","temperature":3}""")]
    [InlineData("""{"userId":"ann","prompt":"x","temperature":1e400}""")]
    [InlineData("""{"userId":"ann","prompt":"x","model":"openai-gpt-image-1"}""")]
    [InlineData("""{"userId":"ann","prompt":"x","chatId":""}""")]
    public async Task A_value_out_of_range_is_400(string body)
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.SendAsync(HttpMethod.Post, "complete", change: request => request.Content = new StringContent(body, null, "application/json"));

        Assert.Equal((400, "invalid_request"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task A_body_that_is_not_JSON_is_415_and_one_that_is_too_large_413()
    {
        await using var app = await TestApp.StartAsync();

        var form = await app.SendAsync(HttpMethod.Post, "complete?userId=ann", change: request => request.Content = new StringContent("prompt=x"));
        var large = await app.CompleteAsync("ann", new string('x', 1_100_000));

        Assert.Equal((415, "unsupported_media_type"), (form.Status, form.Code));
        Assert.Equal((413, "payload_too_large"), (large.Status, large.Code));
    }
}
