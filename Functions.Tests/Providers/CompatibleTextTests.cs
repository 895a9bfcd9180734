using System.Text.Json.Nodes;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;
using static ServerlessAi.Simulator.Vendors.CompatibleStandIn;

namespace ServerlessAi.Tests.Providers;

/// <summary>Servers that imitate OpenAI's API, each in its own way, through configuration alone.</summary>
public sealed class CompatibleTextTests : IAsyncLifetime
{
    private static readonly TextCall Call = new("some-model", "Say hello.", 100, Temperature: null);

    private CompatibleStandIn vendor = null!;
    private ProviderWorld world = null!;

    public static TheoryData<Behaviour, ProviderFailure, string> Errors => new()
    {
        { GeminiError(400, "INVALID_ARGUMENT", "Request contains an invalid argument."), ProviderFailure.InvalidRequest, "Request contains an invalid argument." },
        { GeminiError(400, "INVALID_ARGUMENT", "API key not valid.", new { reason = "API_KEY_INVALID", domain = "googleapis.com" }), ProviderFailure.Unauthorized, "API key not valid." },
        { GeminiError(403, "PERMISSION_DENIED", "No."), ProviderFailure.Unauthorized, "No." },
        { GeminiError(404, "NOT_FOUND", "models/gemini-9 is not found."), ProviderFailure.ModelNotFound, "models/gemini-9 is not found." },
        { GeminiError(429, "RESOURCE_EXHAUSTED", "Quota exceeded."), ProviderFailure.RateLimited, "Quota exceeded." },
        { GeminiError(500, "INTERNAL", "An internal error has occurred."), ProviderFailure.Unavailable, "An internal error has occurred." },
        { GeminiError(503, "UNAVAILABLE", "The model is overloaded."), ProviderFailure.Overloaded, "The model is overloaded." },
        { MistralError(400, "Invalid model: mistral-9"), ProviderFailure.InvalidRequest, "Invalid model: mistral-9" },
        { MistralError(429, "Requests rate limit exceeded"), ProviderFailure.RateLimited, "Requests rate limit exceeded" },
        { MistralInvalid, ProviderFailure.InvalidRequest, "Extra inputs are not permitted" },
        { Error(402, "unknown_error", "invalid_request_error", "Insufficient Balance"), ProviderFailure.RateLimited, "Insufficient Balance" },
        { Error(413, "tokens", "rate_limit_exceeded", "Request too large for model on tokens per minute."), ProviderFailure.RateLimited, "Request too large for model on tokens per minute." },
        { Error(498, "service_unavailable", null, "Flex tier capacity exceeded."), ProviderFailure.Overloaded, "Flex tier capacity exceeded." },
        { Behaviour.Answer(404, """{"error":"model 'llama9' not found"}"""), ProviderFailure.ModelNotFound, "model 'llama9' not found" },
        { Behaviour.Answer(400, "[]"), ProviderFailure.InvalidRequest, "HTTP 400." },
        { Behaviour.Answer(400, """{"error":null,"detail":[]}"""), ProviderFailure.InvalidRequest, "HTTP 400." },
    };

    public async Task InitializeAsync()
    {
        vendor = await CompatibleStandIn.StartAsync();
        world = await ProviderWorld.StartAsync(settings: [.. Settings("acme"), .. Settings("Gemini"), .. Settings("groq"), .. Settings("mistral")]);
    }

    public async Task DisposeAsync()
    {
        await world.DisposeAsync();
        await vendor.DisposeAsync();
    }

    [Theory]
    [InlineData("acme", "max_tokens")]
    [InlineData("gemini", "max_tokens")]
    [InlineData("groq", "max_completion_tokens")]
    public async Task A_vendor_needs_an_address_and_a_key_and_is_asked_in_the_words_it_knows(string name, string field)
    {
        Assert.Equal("Hello from the stand-in.", (await CompleteAsync(name)).Value!.Text);
        var request = Assert.Single(vendor.Requests);
        Assert.Equal(("/v1/chat/completions", $"Bearer {ApiKey}"), (request.Path, request.Headers["Authorization"]));
        Assert.Equal($$"""{"model":"some-model","messages":[{"role":"user","content":"Say hello."}],"{{field}}":100}""", request.Json.ToJsonString());
    }

    [Fact]
    public async Task What_it_calls_the_limit_of_output_is_a_setting()
    {
        await using var other = await ProviderWorld.StartAsync(settings: [.. Settings("acme"), ("Providers:Text:acme:MaxTokensField", "max_completion_tokens")]);
        await other.Registry.Text("acme")!.CompleteAsync(Call, CancellationToken.None);
        Assert.Equal(100, vendor.Requests[0].Json["max_completion_tokens"]!.GetValue<int>());
    }

    public static TheoryData<Behaviour, TokenUsage> Counts => new()
    {
        { GeminiThought, new TokenUsage(21, 65) },
        { DeepSeekCached, new TokenUsage(100, 20, 64, 7) },
        { GroqTimed, new TokenUsage(18, 5) },
    };

    [Theory]
    [MemberData(nameof(Counts))]
    public async Task What_is_forwarded_is_counted_like_what_is_asked(Behaviour answer, TokenUsage usage)
    {
        vendor.Script(null, answer);
        Assert.Equal(usage, (await ForwardAsync("acme", relay: null)).Value!.Usage);
    }

    [Theory]
    [InlineData("mistral", "max_tokens", false)]
    [InlineData("groq", "max_completion_tokens", true)]
    public async Task A_stream_is_asked_for_in_the_words_the_vendor_knows_and_its_usage_is_found(string name, string field, bool isAskedForUsage)
    {
        using var relay = new ChatRelay((_, _) => ValueTask.CompletedTask, new StreamOptions(), TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);
        var result = (await ForwardAsync(name, relay)).Value!;

        Assert.Equal(new TokenUsage(12, 8), result.Usage);
        var sent = Assert.Single(vendor.Requests).Json.AsObject();
        Assert.Equal((100, isAskedForUsage, 1), (sent[field]!.GetValue<int>(), sent.ContainsKey("stream_options"), sent.Count(member => member.Key.StartsWith("max_", StringComparison.Ordinal))));
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task Errors_of_any_shape_become_failures(Behaviour answer, ProviderFailure failure, string detail)
    {
        vendor.Script(null, answer);
        var outcome = await CompleteAsync("acme");
        Assert.Equal((failure, detail), (outcome.Failure, outcome.Detail));
        Assert.Single(vendor.Requests);
    }

    [Fact]
    public async Task Thoughts_that_only_the_total_counts_are_output() =>
        Assert.Equal(new TokenUsage(21, 65), await UsageOf(GeminiThought));

    [Fact]
    public async Task Cached_input_in_a_member_of_its_own_is_found() =>
        Assert.Equal(new TokenUsage(100, 20, 64, 7), await UsageOf(DeepSeekCached));

    [Fact]
    public async Task Members_that_OpenAI_does_not_have_are_passed_over() =>
        Assert.Equal(new TokenUsage(18, 5), await UsageOf(GroqTimed));

    [Fact]
    public async Task Of_an_answer_in_parts_the_text_counts()
    {
        vendor.Script(null, MistralParts);
        Assert.Equal(new TextResult("Hello.", "stop", new TokenUsage(4, 9)), (await CompleteAsync("acme")).Value);
    }

    [Theory]
    [InlineData("model_length")]
    [InlineData("insufficient_system_resource")]
    public async Task Other_words_for_an_answer_cut_short_become_length(string reason)
    {
        vendor.Script(null, Chat("Once", new { prompt_tokens = 1, completion_tokens = 1 }, reason));
        Assert.Equal("length", (await CompleteAsync("acme")).Value!.FinishReason);
    }

    [Fact]
    public async Task Missing_usage_is_estimated()
    {
        vendor.Script(null, Chat("Hello.", usage: null));
        Assert.Equal(new TokenUsage(20, 2) { IsReported = false }, (await CompleteAsync("acme")).Value!.Usage);
    }

    [Theory]
    [InlineData("-1", "5", "4")]
    [InlineData("5", "-1", "4")]
    public async Task Usage_that_cannot_be_is_estimated(string prompt, string completion, string total)
    {
        vendor.Script(null, Chat("Hello.", new { prompt_tokens = long.Parse(prompt), completion_tokens = long.Parse(completion), total_tokens = long.Parse(total) }));
        Assert.False((await CompleteAsync("acme")).Value!.Usage.IsReported);
    }

    [Theory]
    [InlineData(5_000_000_000, 6_000_000_000, 11_000_000_000, 6_000_000_000)]
    [InlineData(1, 2, long.MinValue, 2)]
    [InlineData(0, 0, 0, 0)]
    [InlineData(1, 2, long.MaxValue, long.MaxValue - 1)]
    public async Task Absurd_counts_are_taken_as_they_are_and_bounded_where_they_become_money(long prompt, long completion, long total, long output) =>
        Assert.Equal(new TokenUsage(prompt, output), await UsageOf(Chat("Hello.", new { prompt_tokens = prompt, completion_tokens = completion, total_tokens = total })));

    [Theory]
    [InlineData("""{"choices":[{"message":{"content":["no part"]}}]}""")]
    [InlineData("""{"choices":[{"message":{"content":{"text":"?"}}}]}""")]
    [InlineData("""{"choices":[{"mess""")]
    public async Task A_broken_body_is_a_bad_answer(string body)
    {
        vendor.Script(null, Behaviour.Answer(200, body));
        Assert.Equal(ProviderFailure.BadAnswer, (await CompleteAsync("acme")).Failure);
    }

    [Fact]
    public async Task Counts_that_are_no_numbers_do_not_cost_the_answer_they_come_with() =>
        Assert.Equal(new TokenUsage(20, 2) { IsReported = false }, await UsageOf(Chat("Hello.", new { prompt_tokens = "twelve" })));

    [Fact]
    public async Task A_body_that_breaks_off_is_a_lost_connection()
    {
        vendor.Script(null, Behaviour.CutOff("""{"choices":[{"message":"""));
        Assert.Equal(ProviderFailure.ConnectionLost, (await CompleteAsync("acme")).Failure);
    }

    [Fact]
    public async Task A_body_that_stalls_ends_with_the_calls_time()
    {
        vendor.Script(null, Behaviour.Stall("""{"choices":[{"message":"""));
        using var cancellation = new CancellationTokenSource();
        var call = world.Registry.Text("acme")!.CompleteAsync(Call, cancellation.Token);
        await Wait.UntilAsync(() => vendor.Requests.Count == 1, "the vendor has the request");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    private (string, string?)[] Settings(string name) =>
        [($"Providers:Text:{name}:BaseUrl", vendor.Address), ($"Providers:Text:{name}:ApiKey", ApiKey)];

    private Task<ProviderOutcome<TextResult>> CompleteAsync(string name) => world.Registry.Text(name)!.CompleteAsync(Call, CancellationToken.None);

    private Task<ProviderOutcome<ChatResult>> ForwardAsync(string name, ChatRelay? relay)
    {
        var body = new JsonObject { ["model"] = "some-model", ["messages"] = new JsonArray(), ["max_completion_tokens"] = 100 };
        if (relay is not null)
        {
            body["stream"] = true;
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        return world.Registry.Text(name)!.ForwardAsync(new ChatCall("some-model", body, 100, InputTokens: 3) { Relay = relay }, CancellationToken.None);
    }

    private async Task<TokenUsage> UsageOf(Behaviour answer)
    {
        vendor.Script(null, answer);
        return (await CompleteAsync("acme")).Value!.Usage;
    }
}
