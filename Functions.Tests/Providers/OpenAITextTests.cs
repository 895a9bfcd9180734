using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Polyfills.FunctionsHost;
using static ServerlessAi.Simulator.Vendors.OpenAIStandIn;

namespace ServerlessAi.Tests.Providers;

public sealed class OpenAITextTests : IAsyncLifetime
{
    private ProviderWorld world = null!;

    public static TheoryData<int, string, string?, ProviderFailure> Errors => new()
    {
        { 400, "invalid_request_error", "context_length_exceeded", ProviderFailure.InvalidRequest },
        { 400, "invalid_request_error", null, ProviderFailure.InvalidRequest },
        { 400, "invalid_request_error", "content_policy_violation", ProviderFailure.ContentRefused },
        { 400, "image_generation_user_error", "moderation_blocked", ProviderFailure.ContentRefused },
        { 400, "invalid_request_error", "content_filter", ProviderFailure.ContentRefused },
        { 400, "invalid_request_error", "billing_hard_limit_reached", ProviderFailure.RateLimited },
        { 401, "invalid_request_error", "invalid_api_key", ProviderFailure.Unauthorized },
        { 402, "unknown_error", "invalid_request_error", ProviderFailure.RateLimited },
        { 403, "invalid_request_error", "unsupported_country_region_territory", ProviderFailure.Unauthorized },
        { 404, "invalid_request_error", "model_not_found", ProviderFailure.ModelNotFound },
        { 408, "server_error", null, ProviderFailure.Timeout },
        { 429, "requests", "rate_limit_exceeded", ProviderFailure.RateLimited },
        { 429, "insufficient_quota", "insufficient_quota", ProviderFailure.RateLimited },
        { 500, "server_error", null, ProviderFailure.Unavailable },
        { 502, "server_error", null, ProviderFailure.Unavailable },
        { 503, "server_error", null, ProviderFailure.Overloaded },
        { 504, "server_error", null, ProviderFailure.Unavailable },
        { 529, "overloaded_error", null, ProviderFailure.Overloaded },
    };

    public async Task InitializeAsync() => world = await ProviderWorld.StartAsync();

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task A_completion_comes_with_the_vendors_token_counts()
    {
        world.OpenAI.Usage = new StandInUsage(Input: 40, Output: 30, Cached: 16, Reasoning: 10);
        var outcome = await world.CompleteAsync();
        Assert.Equal(new TextResult("Hello from the stand-in.", "stop", new TokenUsage(40, 30, 16, 10)), outcome.Value);
    }

    [Fact]
    public async Task The_request_is_a_chat_completion_with_key_model_messages_and_limits()
    {
        await world.CompleteAsync(new TextCall("gpt-4.1", "Say hello.", 321, 0.25, "Be brief."));
        var request = Assert.Single(world.OpenAI.Requests);
        Assert.Equal(("POST", "/v1/chat/completions"), (request.Method, request.Path));
        Assert.Equal($"Bearer {OpenAIStandIn.ApiKey}", request.Headers["Authorization"]);
        Assert.Equal(
            """{"model":"gpt-4.1","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Say hello."}],"max_completion_tokens":321,"temperature":0.25}""",
            request.Json.ToJsonString());
    }

    [Fact]
    public async Task What_was_not_asked_for_is_not_sent()
    {
        await world.CompleteAsync(new TextCall("gpt-4.1", "Hi", 10, Temperature: null));
        Assert.Equal("""{"model":"gpt-4.1","messages":[{"role":"user","content":"Hi"}],"max_completion_tokens":10}""", world.OpenAI.Requests[0].Json.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task An_error_answer_becomes_a_failure(int status, string type, string? code, ProviderFailure failure)
    {
        world.OpenAI.Script(null, Error(status, type, code, "The vendor's own words."));
        var outcome = await world.CompleteAsync();
        Assert.Equal((failure, "The vendor's own words."), (outcome.Failure, outcome.Detail));
        Assert.Single(world.OpenAI.Requests);
    }

    [Fact]
    public async Task An_error_page_that_is_no_JSON_counts_by_its_status()
    {
        world.OpenAI.Script(null, Behaviour.Answer(502, "<html>Bad gateway</html>", "text/html"));
        var outcome = await world.CompleteAsync();
        Assert.Equal((ProviderFailure.Unavailable, "HTTP 502."), (outcome.Failure, outcome.Detail));
    }

    [Fact]
    public async Task Long_words_of_the_vendor_are_shortened_and_our_key_is_taken_out()
    {
        world.OpenAI.Script(null, Error(400, "invalid_request_error", null, $"Key {OpenAIStandIn.ApiKey} also sk-standin-01****cdef {new string('x', 500)}"));
        var detail = (await world.CompleteAsync()).Detail!;
        Assert.Equal(300, detail.Length);
        Assert.StartsWith("Key *** also *** xxx", detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id":"chatcmpl-1","choices":[{"mess""")]
    [InlineData("""{"choices":[]}""")]
    [InlineData("""{"choices":null}""")]
    [InlineData("""{"choices":[{"message":{"role":"assistant","content":null},"finish_reason":"stop"}]}""")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("[]")]
    public async Task An_answer_without_what_is_documented_is_a_bad_answer(string body)
    {
        world.OpenAI.Script(null, Behaviour.Answer(200, body));
        Assert.Equal(ProviderFailure.BadAnswer, (await world.CompleteAsync()).Failure);
    }

    [Fact]
    public async Task A_connection_lost_after_the_request_went_out_is_told_apart_from_one_never_made()
    {
        world.OpenAI.Script(null, Behaviour.Reset);
        Assert.Equal(ProviderFailure.ConnectionLost, (await world.CompleteAsync()).Failure);
        Assert.Single(world.OpenAI.Requests);
    }

    [Fact]
    public async Task A_vendor_that_is_not_there_means_unavailable()
    {
        await world.OpenAI.DisposeAsync();
        Assert.Equal(ProviderFailure.Unavailable, (await world.CompleteAsync()).Failure);
    }

    [Fact]
    public async Task Cancellation_ends_a_call_that_hangs()
    {
        world.OpenAI.Script(null, Behaviour.Hang);
        using var cancellation = new CancellationTokenSource();
        var call = world.CompleteAsync(cancellationToken: cancellation.Token);
        await Wait.UntilAsync(() => world.OpenAI.Requests.Count == 1, "the vendor has the request");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Text_that_the_filter_took_away_entirely_is_refused()
    {
        world.OpenAI.Script(null, Chat(text: "", "content_filter", new StandInUsage()));
        Assert.Equal(ProviderFailure.ContentRefused, (await world.CompleteAsync()).Failure);
    }

    [Fact]
    public async Task Text_that_the_filter_cut_short_is_given_with_its_reason()
    {
        world.OpenAI.Script(null, Chat("Once upon", "content_filter", new StandInUsage()));
        Assert.Equal(("Once upon", "content_filter"), ((await world.CompleteAsync()).Value!.Text, (await world.CompleteAsync()).Value!.FinishReason));
    }

    [Fact]
    public async Task A_model_that_declines_in_words_has_refused()
    {
        world.OpenAI.Script(null, Chat(text: null, "stop", new StandInUsage(), refusal: "I can't help with that."));
        var outcome = await world.CompleteAsync();
        Assert.Equal((ProviderFailure.ContentRefused, "I can't help with that."), (outcome.Failure, outcome.Detail));
    }

    [Fact]
    public async Task A_model_that_thought_until_its_tokens_were_gone_has_answered_and_costs()
    {
        world.OpenAI.Script(null, Chat(text: null, "length", new StandInUsage(10, 100, 0, 100)));
        Assert.Equal(new TextResult("", "length", new TokenUsage(10, 100, 0, 100)), (await world.CompleteAsync()).Value);
    }

    [Fact]
    public async Task Missing_usage_is_estimated_and_says_so()
    {
        world.OpenAI.Script(null, OpenAIStandIn.MissingUsage);
        var usage = (await world.CompleteAsync(new TextCall("gpt-4.1", "123456", 100, Temperature: null, "123"))).Value!.Usage;
        Assert.Equal(new TokenUsage(18 + 17, 2) { IsReported = false }, usage);
    }

    [Fact]
    public async Task Reported_zero_is_zero()
    {
        world.OpenAI.Usage = new StandInUsage(0, 0, 0, 0);
        Assert.Equal(new TokenUsage(0, 0), (await world.CompleteAsync()).Value!.Usage);
    }

    [Fact]
    public async Task Counts_beyond_32_bits_are_taken_as_they_are()
    {
        world.OpenAI.Script(null, OpenAIStandIn.HugeUsage);
        Assert.Equal(5_000_000_000, (await world.CompleteAsync()).Value!.Usage.InputTokens);
    }

    [Fact]
    public async Task A_wrong_key_is_unauthorized_in_the_stand_ins_own_words()
    {
        await using var stranger = await ProviderWorld.StartAsync(settings: ("Providers:OpenAI:ApiKey", "sk-wrong-0123456789abcdef"));
        var outcome = await stranger.CompleteAsync();
        Assert.Equal(ProviderFailure.Unauthorized, outcome.Failure);
        Assert.StartsWith("Incorrect API key provided: ***", outcome.Detail, StringComparison.Ordinal);
    }
}
