using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Polyfills.FunctionsHost;
using static ServerlessAi.Simulator.Vendors.AnthropicStandIn;

namespace ServerlessAi.Tests.Providers;

public sealed class AnthropicTextTests : IAsyncLifetime
{
    private static readonly TextCall Call = new("claude-haiku-4-5", "Say hello.", 100, Temperature: null);

    private AnthropicStandIn vendor = null!;
    private ProviderWorld world = null!;

    public static TheoryData<int, string, string, ProviderFailure> Errors => new()
    {
        { 400, "invalid_request_error", "max_tokens: 0 is not positive", ProviderFailure.InvalidRequest },
        { 400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", ProviderFailure.RateLimited },
        { 401, "authentication_error", "invalid x-api-key", ProviderFailure.Unauthorized },
        { 402, "billing_error", "Billing.", ProviderFailure.RateLimited },
        { 403, "permission_error", "No.", ProviderFailure.Unauthorized },
        { 404, "not_found_error", "model: claude-9", ProviderFailure.ModelNotFound },
        { 413, "request_too_large", "Too large.", ProviderFailure.InvalidRequest },
        { 429, "rate_limit_error", "Slow down.", ProviderFailure.RateLimited },
        { 500, "api_error", "Internal server error", ProviderFailure.Unavailable },
        { 504, "timeout_error", "Timed out.", ProviderFailure.Timeout },
        { 529, "overloaded_error", "Overloaded", ProviderFailure.Overloaded },
        { 503, "something_new", "Words.", ProviderFailure.Overloaded },
    };

    public async Task InitializeAsync()
    {
        vendor = await AnthropicStandIn.StartAsync();
        world = await StartAsync(ApiKey);
    }

    public async Task DisposeAsync()
    {
        await world.DisposeAsync();
        await vendor.DisposeAsync();
    }

    [Fact]
    public async Task A_message_comes_with_its_text_and_the_vendors_token_counts() =>
        Assert.Equal(new TextResult("Hello from the stand-in.", "stop", new TokenUsage(16, 8, 4)), (await CompleteAsync()).Value);

    [Fact]
    public async Task The_request_is_a_message_with_key_version_model_system_and_limits()
    {
        await CompleteAsync(new TextCall("claude-haiku-4-5", "Say hello.", 321, 0.25, "Be brief."));
        var request = Assert.Single(vendor.Requests);
        Assert.Equal(("POST", "/v1/messages", $"Bearer {ApiKey}"), (request.Method, request.Path, request.Headers["Authorization"]));
        Assert.Equal(
            """{"model":"claude-haiku-4-5","max_tokens":321,"messages":[{"role":"user","content":"Say hello."}],"system":"Be brief.","temperature":0.25}""",
            request.Json.ToJsonString());
    }

    [Fact]
    public async Task A_temperature_is_sent_with_the_version_that_takes_one()
    {
        Assert.NotNull((await CompleteAsync(Call with { Temperature = 0 })).Value);
        Assert.NotNull((await CompleteAsync()).Value);
        Assert.Equal("2023-06-01", vendor.Requests[0].Headers["anthropic-version"]);
        Assert.NotEqual("2023-06-01", vendor.Requests[1].Headers["anthropic-version"]);
    }

    [Fact]
    public async Task What_was_not_asked_for_is_not_sent_and_a_temperature_beyond_the_scale_is_its_end()
    {
        await CompleteAsync();
        await CompleteAsync(Call with { Temperature = 1.7 });
        Assert.Equal("""{"model":"claude-haiku-4-5","max_tokens":100,"messages":[{"role":"user","content":"Say hello."}]}""", vendor.Requests[0].Json.ToJsonString());
        Assert.Equal(1, vendor.Requests[1].Json["temperature"]!.GetValue<double>());
    }

    [Fact]
    public async Task Cached_input_is_part_of_input_whether_read_or_written()
    {
        vendor.Script(null, Message("Hello.", "end_turn", Usage(10, 5, cacheRead: 400, cacheWritten: 30)));
        Assert.Equal(new TokenUsage(440, 5, 400), (await CompleteAsync()).Value!.Usage);
    }

    [Theory]
    [InlineData("end_turn", "stop")]
    [InlineData("stop_sequence", "stop")]
    [InlineData("max_tokens", "length")]
    [InlineData("model_context_window_exceeded", "length")]
    [InlineData("something_new", "stop")]
    public async Task Stop_reasons_get_OpenAIs_names(string reason, string name)
    {
        vendor.Script(null, Message("Hello.", reason, Usage(1, 1)));
        Assert.Equal(name, (await CompleteAsync()).Value!.FinishReason);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("I was about to")]
    public async Task A_refusal_is_refused_whatever_was_written_before(string? text)
    {
        vendor.Script(null, Message(text, "refusal", Usage(1, 1)));
        Assert.Equal(ProviderFailure.ContentRefused, (await CompleteAsync()).Failure);
    }

    [Fact]
    public async Task A_model_that_thought_until_its_tokens_were_gone_has_answered_and_costs()
    {
        vendor.Script(null, Message(null, "max_tokens", Usage(10, 100)));
        Assert.Equal(new TextResult("", "length", new TokenUsage(10, 100)), (await CompleteAsync()).Value);
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task An_error_answer_becomes_a_failure_and_is_not_asked_again(int status, string type, string message, ProviderFailure failure)
    {
        vendor.Script(null, Error(status, type, message));
        var outcome = await CompleteAsync();
        Assert.Equal((failure, message), (outcome.Failure, outcome.Detail));
        Assert.Single(vendor.Requests);
    }

    [Fact]
    public async Task How_long_to_wait_is_told()
    {
        vendor.Script(null, Error(429, "rate_limit_error", "Slow down.").With("retry-after", "17"));
        Assert.Equal(TimeSpan.FromSeconds(17), (await CompleteAsync()).RetryAfter);
    }

    [Theory]
    [InlineData(502, "<html>Bad gateway</html>", ProviderFailure.Unavailable)]
    [InlineData(529, "[]", ProviderFailure.Overloaded)]
    [InlineData(429, """{"type":"error","error":"words"}""", ProviderFailure.RateLimited)]
    [InlineData(302, "", ProviderFailure.BadAnswer)]
    public async Task An_error_that_says_nothing_counts_by_its_status(int status, string body, ProviderFailure failure)
    {
        vendor.Script(null, Behaviour.Answer(status, body, "text/html"));
        var outcome = await CompleteAsync();
        Assert.Equal((failure, $"HTTP {status}."), (outcome.Failure, outcome.Detail));
    }

    [Theory]
    [InlineData("""{"type":"message","content":[{"ty""")]
    [InlineData("""{"type":"message","content":null}""")]
    [InlineData("""{"type":"message","content":[]}""")]
    [InlineData("""{"type":"message","content":[null]}""")]
    [InlineData("""{"content":[{"type":"tool_use","id":"1","name":"f","input":{}}],"stop_reason":"tool_use"}""")]
    [InlineData("null")]
    [InlineData("")]
    public async Task An_answer_without_what_is_documented_is_a_bad_answer(string body)
    {
        vendor.Script(null, Behaviour.Answer(200, body));
        Assert.Equal(ProviderFailure.BadAnswer, (await CompleteAsync()).Failure);
    }

    [Fact]
    public async Task Missing_usage_is_estimated_and_says_so()
    {
        vendor.Script(null, MissingUsage);
        Assert.Equal(new TokenUsage(20, 2) { IsReported = false }, (await CompleteAsync()).Value!.Usage);
    }

    [Fact]
    public async Task Absurd_counts_do_not_overflow_and_negative_ones_are_estimated()
    {
        vendor.Script(null, Message("Hello.", "end_turn", Usage(long.MaxValue, 5, long.MaxValue)), Message("Hello.", "end_turn", Usage(-1, 5)));
        Assert.Equal(new TokenUsage(long.MaxValue, 5, long.MaxValue), (await CompleteAsync()).Value!.Usage);
        Assert.False((await CompleteAsync()).Value!.Usage.IsReported);
    }

    [Fact]
    public async Task A_lost_connection_is_told_apart_from_one_never_made()
    {
        vendor.Script(null, Behaviour.Reset, Behaviour.CutOff("""{"type":"message","content":["""));
        Assert.Equal(ProviderFailure.ConnectionLost, (await CompleteAsync()).Failure);
        Assert.Equal(ProviderFailure.ConnectionLost, (await CompleteAsync()).Failure);
        Assert.Equal(2, vendor.Requests.Count);
        await vendor.DisposeAsync();
        Assert.Equal(ProviderFailure.Unavailable, (await CompleteAsync()).Failure);
    }

    [Fact]
    public async Task Cancellation_ends_a_call_that_hangs_or_stalls()
    {
        foreach (var trouble in new[] { Behaviour.Hang, Behaviour.Stall("""{"type":""") })
        {
            vendor.Script(null, trouble);
            var before = vendor.Requests.Count;
            using var cancellation = new CancellationTokenSource();
            var call = world.Registry.Text("anthropic")!.CompleteAsync(Call, cancellation.Token);
            await Wait.UntilAsync(() => vendor.Requests.Count > before, "the vendor has the request");
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        }
    }

    [Fact]
    public async Task Our_key_is_taken_out_of_the_vendors_words()
    {
        await using var stranger = await StartAsync("sk-ant-wrong-0123456789");
        vendor.Script(null, Error(400, "invalid_request_error", $"The key {ApiKey} is odd."));
        Assert.Equal(ProviderFailure.Unauthorized, (await CompleteAsync(stranger)).Failure);
        Assert.Equal("The key *** is odd.", (await CompleteAsync()).Detail);
    }

    private Task<ProviderWorld> StartAsync(string key) =>
        ProviderWorld.StartAsync(settings: [("Providers:Text:anthropic:ApiKey", key), ("Providers:Text:anthropic:BaseUrl", vendor.BaseUrl + "/")]);

    private Task<ProviderOutcome<TextResult>> CompleteAsync(TextCall? call = null) => CompleteAsync(world, call);

    private static Task<ProviderOutcome<TextResult>> CompleteAsync(ProviderWorld world, TextCall? call = null) =>
        world.Registry.Text("anthropic")!.CompleteAsync(call ?? Call, CancellationToken.None);
}
