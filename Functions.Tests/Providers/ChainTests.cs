using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Polyfills.FunctionsHost;
using static ServerlessAi.Tests.Providers.ProviderWorld;

namespace ServerlessAi.Tests.Providers;

/// <summary>The chain over the real registry and adapters, with the vendor's trouble scripted for each model.</summary>
public sealed class ChainTests : IAsyncLifetime
{
    private static readonly Behaviour Broken = OpenAIStandIn.Error(500, "server_error", code: null, "The server had an error.");

    private ProviderWorld world = null!;

    public async Task InitializeAsync() =>
        world = await ProviderWorld.StartAsync(settings: [("Providers:Sample:Enabled", "true"), ("Providers:TextTimeoutMs", "600"), ("Providers:TotalTimeoutMs", "1000")]);

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task The_chosen_model_answers_and_nobody_else_is_asked()
    {
        var result = await world.RunAsync(TextModel("chosen"), TextModel("other"));
        Assert.Equal(["chosen openai ok"], Attempts(result));
        Assert.Equal(("Hello from the stand-in.", null), (result.Value!.Text, result.FallbackReason));
    }

    [Fact]
    public async Task When_it_fails_the_same_providers_others_follow_by_priority_and_then_other_providers()
    {
        world.OpenAI.Script("chosen", Broken);
        world.OpenAI.Script("second", OpenAIStandIn.Error(429, "requests", "rate_limit_exceeded", "Slow down."));
        world.OpenAI.Script("third", Behaviour.BrokenJson);
        var result = await world.RunAsync(
            TextModel("chosen", priority: 50), TextModel("elsewhere", "sample", priority: 1), TextModel("third", priority: 30), TextModel("second", priority: 20));
        Assert.Equal(["chosen openai unavailable", "second openai rate_limited", "third openai bad_answer", "elsewhere sample ok"], Attempts(result));
        Assert.Equal(("unavailable", "elsewhere", "sample"), (result.FallbackReason, result.Model.Model.Id, result.Provider));
    }

    [Theory]
    [InlineData(2, 4)]
    [InlineData(1, 5)]
    public async Task No_dearer_model_takes_over(int input, int output)
    {
        world.OpenAI.Script("chosen", Broken);
        var result = await world.RunAsync(TextModel("chosen", input: 1, output: 4), TextModel("dearer", input: input, output: output));
        Assert.Equal(["chosen openai unavailable"], Attempts(result));
        Assert.Equal((ProviderFailure.Unavailable, "The server had an error."), (result.Failure, result.Detail));
    }

    [Theory]
    [InlineData("context_length_exceeded", "invalid_request")]
    [InlineData("content_policy_violation", "content_refused")]
    public async Task What_is_wrong_with_the_request_itself_is_not_taken_to_another_model(string code, string outcome)
    {
        world.OpenAI.Script("chosen", OpenAIStandIn.Error(400, "invalid_request_error", code, "No."));
        var result = await world.RunAsync(TextModel("chosen"), TextModel("other"));
        Assert.Equal([$"chosen openai {outcome}"], Attempts(result));
    }

    [Theory]
    [InlineData(401, "invalid_api_key", "unauthorized")]
    [InlineData(404, "model_not_found", "model_not_found")]
    [InlineData(503, null, "overloaded")]
    public async Task What_is_wrong_at_the_vendor_is(int status, string? code, string outcome)
    {
        world.OpenAI.Script("chosen", OpenAIStandIn.Error(status, "error", code, "Not now."));
        var result = await world.RunAsync(TextModel("chosen"), TextModel("other"));
        Assert.Equal([$"chosen openai {outcome}", "other openai ok"], Attempts(result));
    }

    [Fact]
    public async Task Attempts_are_bounded()
    {
        world.OpenAI.Script(model: null, Broken);
        var result = await world.RunAsync(TextModel("m0"), [.. Enumerable.Range(1, 6).Select(n => TextModel($"m{n}"))]);
        Assert.Equal(4, result.Attempts.Length);
        Assert.Equal(4, world.OpenAI.Requests.Count);
    }

    [Fact]
    public async Task A_model_that_takes_too_long_is_given_up_and_the_next_answers()
    {
        world.OpenAI.Script("chosen", Behaviour.Hang);
        var run = world.RunAsync(TextModel("chosen"), TextModel("other"));
        await AdvanceAsync(requests: 1, 600);
        var result = await run;
        Assert.Equal(["chosen openai timeout", "other openai ok"], Attempts(result));
        Assert.Equal(600, result.Attempts[0].ElapsedMs);
    }

    [Fact]
    public async Task A_slow_answer_in_time_counts()
    {
        var gate = new TaskCompletionSource();
        world.OpenAI.Script("chosen", Behaviour.After(gate.Task));
        var run = world.RunAsync(TextModel("chosen"), TextModel("other"));
        await AdvanceAsync(requests: 1, 599);
        gate.SetResult();
        Assert.Equal(["chosen openai ok"], Attempts(await run));
    }

    [Fact]
    public async Task Models_that_may_have_done_the_work_although_no_answer_came_are_told()
    {
        world.OpenAI.Script("reset", Behaviour.Reset);
        world.OpenAI.Script("broken", Broken);
        world.OpenAI.Script("unreadable", Behaviour.BrokenJson);
        var result = await world.RunAsync(TextModel("reset"), TextModel("broken", priority: 1), TextModel("unreadable", priority: 2), TextModel("works", priority: 3));
        Assert.Equal(["reset openai connection_lost", "broken openai unavailable", "unreadable openai bad_answer", "works openai ok"], Attempts(result));
        Assert.Equal(["reset", "unreadable"], result.MayBill.Select(model => model.Model.Id));
    }

    [Fact]
    public async Task A_connection_that_is_not_made_in_time_is_unavailable_and_no_error_of_ours()
    {
        var result = await world.Chain.RunAsync<TextResult>(
            new PricedModel(TextModel("chosen"), TextModel("chosen").Prices[0]),
            new Catalog([TextModel("chosen")], CatalogSource.Stored),
            "ann",
            (_, _) => throw new TaskCanceledException("The connection was not made in time.", new TimeoutException()));
        Assert.Equal((ProviderFailure.Unavailable, 0), (result.Failure, result.MayBill.Length));
    }

    [Fact]
    public async Task All_models_together_have_a_bounded_time()
    {
        world.OpenAI.Script(model: null, Behaviour.Hang);
        var run = world.RunAsync(TextModel("chosen"), TextModel("second"), TextModel("third"));
        await AdvanceAsync(requests: 1, 600);
        await AdvanceAsync(requests: 2, 400);
        var result = await run;
        Assert.Equal(["chosen openai timeout", "second openai timeout"], Attempts(result));
        Assert.Equal([600, 400], result.Attempts.Select(attempt => attempt.ElapsedMs));
        Assert.Equal(ProviderFailure.Timeout, result.Failure);
    }

    private async Task AdvanceAsync(int requests, int milliseconds)
    {
        await Wait.UntilAsync(() => world.OpenAI.Requests.Count == requests, $"the vendor has {requests} requests");
        world.Time.Advance(TimeSpan.FromMilliseconds(milliseconds));
    }

    private static IEnumerable<string> Attempts(ChainResult<TextResult> result) =>
        result.Attempts.Select(attempt => $"{attempt.Model} {attempt.Provider} {attempt.Outcome}");
}
