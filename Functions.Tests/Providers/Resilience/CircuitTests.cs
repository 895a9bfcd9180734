using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Resilience;
using ServerlessAi.Simulator.Vendors;
using static ServerlessAi.Tests.Providers.ProviderWorld;

namespace ServerlessAi.Tests.Providers.Resilience;

/// <summary>The circuit of each model at its provider, with the settings as shipped: half of at least five calls within 30 s open it for 15 s.</summary>
public sealed class CircuitTests : IAsyncLifetime
{
    private const int Minimum = 5;
    private static readonly Behaviour Broken = OpenAIStandIn.Error(500, "server_error", code: null, "The server had an error.");

    private ProviderWorld world = null!;

    public async Task InitializeAsync() => world = await ProviderWorld.StartAsync(settings: [("Providers:Sample:Enabled", "true")]);

    public async Task DisposeAsync() => await world.DisposeAsync();

    public static TheoryData<string> TroubleOfProviders => ["error", "overloaded", "rate limited", "reset", "nonsense", "wrong key"];

    public static TheoryData<string> HealthyRefusals => ["invalid", "refused", "unknown model"];

    [Theory]
    [MemberData(nameof(TroubleOfProviders))]
    public async Task Trouble_of_the_provider_opens_it_and_a_fallback_serves_without_a_call(string trouble)
    {
        world.OpenAI.Script("m", Of(trouble));
        await RunAsync(Minimum, TextModel("m"), TextModel("s", "sample"));

        var result = await world.RunAsync(TextModel("m"), TextModel("s", "sample"));

        Assert.Equal(["circuit_open", "ok"], result.Attempts.Select(attempt => attempt.Outcome));
        Assert.Equal(("circuit_open", Minimum, 0), (result.FallbackReason, world.OpenAI.Requests.Count, result.MayBill.Length));
    }

    [Theory]
    [MemberData(nameof(HealthyRefusals))]
    public async Task What_is_wrong_with_the_request_never_opens_it(string refusal)
    {
        world.OpenAI.Script("m", Of(refusal));
        await RunAsync(4 * Minimum, TextModel("m"));

        Assert.Equal(4 * Minimum, world.OpenAI.Requests.Count);
        Assert.Equal("closed", Health.State);
    }

    [Fact]
    public async Task A_bad_model_does_not_take_down_its_vendor()
    {
        world.OpenAI.Script("bad", Broken);
        await RunAsync(Minimum, TextModel("bad"));

        var good = await world.RunAsync(TextModel("good"));

        Assert.NotNull(good.Value);
        Assert.Equal(["bad open"], Health.Models.Select(model => $"{model.Model} {model.State}"));
    }

    [Fact]
    public async Task When_all_circuits_are_open_it_is_told_when_to_come_again_and_nobody_was_asked()
    {
        world.OpenAI.Script("m", Broken);
        await RunAsync(Minimum, TextModel("m"));
        world.Time.Advance(TimeSpan.FromSeconds(4));

        var result = await world.RunAsync(TextModel("m"));

        Assert.Equal((ProviderFailure.CircuitOpen, true, TimeSpan.FromSeconds(11)), (result.Failure, result.IsCrowded, result.RetryAfter));
        Assert.Equal((world.Time.GetUtcNow() - TimeSpan.FromSeconds(4), world.Time.GetUtcNow() + TimeSpan.FromSeconds(11)), (Health.Models[0].Since, Health.Models[0].Until));
    }

    [Fact]
    public async Task After_the_break_a_single_call_goes_through_and_decides()
    {
        world.OpenAI.Script("m", Broken);
        await RunAsync(Minimum, TextModel("m"));
        world.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal("half_open", Health.State);
        var gate = new TaskCompletionSource();
        world.OpenAI.Script("m", Behaviour.After(gate.Task, Broken), Behaviour.Success);

        var probe = world.RunAsync(TextModel("m"));
        await Wait.UntilAsync(() => world.OpenAI.Requests.Count == Minimum + 1, "the probe has arrived");
        var other = await world.RunAsync(TextModel("m"));
        gate.SetResult();
        await probe;
        var soonAfter = await world.RunAsync(TextModel("m"));
        world.Time.Advance(TimeSpan.FromSeconds(15));
        var second = await world.RunAsync(TextModel("m"));
        await RunAsync(3, TextModel("m"));

        Assert.Equal(
            [ProviderFailure.CircuitOpen, ProviderFailure.Unavailable, ProviderFailure.CircuitOpen, null],
            [other.Failure, (await probe).Failure, soonAfter.Failure, second.Failure]);
        Assert.Equal(("closed", Minimum + 5), (Health.State, world.OpenAI.Requests.Count));
    }

    [Fact]
    public async Task A_probe_that_is_refused_for_its_content_finds_a_healthy_provider()
    {
        world.OpenAI.Script("m", Broken);
        await RunAsync(Minimum, TextModel("m"));
        world.Time.Advance(TimeSpan.FromSeconds(15));
        world.OpenAI.Script("m", Of("refused"), Behaviour.Success);

        await RunAsync(2, TextModel("m"));

        Assert.Equal("closed", Health.State);
    }

    [Fact]
    public async Task Calls_that_hung_since_before_the_break_open_nothing_when_they_fail_after_it()
    {
        world.OpenAI.Script("m", [.. Enumerable.Repeat(Behaviour.Hang, 2 * Minimum), .. Enumerable.Repeat(Broken, Minimum), Behaviour.Success]);
        var hanging = Enumerable.Range(0, 2 * Minimum).Select(_ => world.RunAsync(TextModel("m"))).ToList();
        await Wait.UntilAsync(() => world.OpenAI.Requests.Count == 2 * Minimum, "all of them hang");
        await RunAsync(Minimum, TextModel("m"));
        world.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.NotNull((await world.RunAsync(TextModel("m"))).Value);

        world.Time.Advance(TimeSpan.FromSeconds(45));

        Assert.All(await Task.WhenAll(hanging), result => Assert.Equal(ProviderFailure.Timeout, result.Failure));
        Assert.Equal("closed", Health.State);
    }

    [Fact]
    public async Task Calls_that_hung_since_before_the_break_decide_nothing_while_another_call_probes()
    {
        var gate = new TaskCompletionSource();
        world.OpenAI.Script("m", [Behaviour.Hang, .. Enumerable.Repeat(Broken, Minimum), Behaviour.After(gate.Task, Broken)]);
        var hanging = world.RunAsync(TextModel("m"));
        await Wait.UntilAsync(() => world.OpenAI.Requests.Count == 1, "one hangs");
        await RunAsync(Minimum, TextModel("m"));
        world.Time.Advance(TimeSpan.FromSeconds(30));
        var probe = world.RunAsync(TextModel("m"));
        await Wait.UntilAsync(() => world.OpenAI.Requests.Count == Minimum + 2, "the probe has arrived");

        world.Time.Advance(TimeSpan.FromSeconds(30));
        await hanging;
        var meanwhile = Health.State;
        gate.SetResult();
        await probe;

        Assert.Equal(("half_open", "open"), (meanwhile, Health.State));
    }

    [Theory]
    [InlineData("20", 20)]
    [InlineData("3600", 60)]
    public async Task Who_asks_to_be_left_alone_is_for_a_minute_at_most(string retryAfter, int seconds)
    {
        world.OpenAI.Script("m", Of("rate limited").With("Retry-After", retryAfter), Behaviour.Success);
        await world.RunAsync(TextModel("m"));
        world.Time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        var early = await world.RunAsync(TextModel("m"));

        world.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal((ProviderFailure.CircuitOpen, TimeSpan.FromMilliseconds(1)), (early.Failure, early.RetryAfter));
        Assert.NotNull((await world.RunAsync(TextModel("m"))).Value);
        Assert.Equal("closed", Health.State);
    }

    [Fact]
    public async Task A_vendor_that_dies_with_more_models_than_there_are_attempts_is_left_for_another_before_any_circuit_opens()
    {
        world.OpenAI.Script(model: null, Broken);
        ModelEntry[] dead = [.. Enumerable.Range(0, 5).Select(number => TextModel($"m{number}", priority: number))];

        var first = await world.RunAsync(dead[0], [.. dead[1..], TextModel("s", "sample")]);
        await RunAsync(Minimum, dead);
        var later = await world.RunAsync(dead[0], [.. dead[1..], TextModel("s", "sample")]);

        Assert.Equal(["unavailable", "unavailable", "unavailable", "ok"], first.Attempts.Select(attempt => attempt.Outcome));
        // The fifth was asked a few times less, so its circuit is closed; skipped ones are no attempts.
        Assert.Equal(["circuit_open", "circuit_open", "circuit_open"], later.Attempts.Take(3).Select(attempt => attempt.Outcome));
        Assert.Equal("sample", later.Provider);
    }

    [Fact]
    public async Task A_call_that_got_little_time_because_others_took_it_says_nothing_of_its_provider()
    {
        await using var hurried = await ProviderWorld.StartAsync(settings: [("Providers:TextTimeoutMs", "1000"), ("Providers:TotalTimeoutMs", "1300"), ("Providers:Circuit:MinimumCalls", "2")]);
        hurried.OpenAI.Script(model: null, Behaviour.Hang);
        for (var run = 1; run <= 2; run++)
        {
            var asking = hurried.RunAsync(TextModel("first"), TextModel("second"));
            await Wait.UntilAsync(() => hurried.OpenAI.Requests.Count == 2 * run - 1, "the first was asked");
            hurried.Time.Advance(TimeSpan.FromMilliseconds(1_000));
            await Wait.UntilAsync(() => hurried.OpenAI.Requests.Count == 2 * run, "the second was asked");
            hurried.Time.Advance(TimeSpan.FromMilliseconds(300));
            Assert.Equal(["timeout", "timeout"], (await asking).Attempts.Select(attempt => attempt.Outcome));
        }

        Assert.Equal(["first"], hurried.Get<ProviderGates>().Look(["openai"])[0].Models.Select(model => model.Model));
    }

    private ProviderHealth Health => world.Get<ProviderGates>().Look(["openai"])[0];

    private async Task RunAsync(int times, params ModelEntry[] models)
    {
        for (var time = 0; time < times; time++)
        {
            await world.RunAsync(models[0], models[1..]);
        }
    }

    private static Behaviour Of(string what) => what switch
    {
        "error" => Broken,
        "overloaded" => OpenAIStandIn.Error(503, "server_error", code: null, "Overloaded."),
        "rate limited" => OpenAIStandIn.Error(429, "requests", "rate_limit_exceeded", "Slow down."),
        "reset" => Behaviour.Reset,
        "nonsense" => Behaviour.BrokenJson,
        "wrong key" => OpenAIStandIn.Error(401, "invalid_request_error", "invalid_api_key", "No."),
        "invalid" => OpenAIStandIn.Error(400, "invalid_request_error", "invalid_value", "No."),
        "refused" => OpenAIStandIn.Error(400, "invalid_request_error", "content_policy_violation", "No."),
        _ => OpenAIStandIn.Error(404, "invalid_request_error", "model_not_found", "No."),
    };
}
