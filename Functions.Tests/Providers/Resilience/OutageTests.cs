using ServerlessAi.Pricing;
using ServerlessAi.Simulator.Vendors;
using static ServerlessAi.Tests.Providers.ProviderWorld;

namespace ServerlessAi.Tests.Providers.Resilience;

/// <summary>A provider fails for a minute under load, with the settings as shipped.</summary>
public sealed class OutageTests
{
    private const int PerSecond = 20;
    private const int OpensWithinSeconds = 20;
    private static readonly TimeSpan Break = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TotalTimeout = TimeSpan.FromSeconds(6);
    private static readonly ModelEntry[] Models = [TextModel("a-large"), TextModel("a-small"), TextModel("b", LoadWorld.B)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_A_fails_for_a_minute_B_answers_and_A_is_probed_and_serves_again_when_it_has_recovered(bool hangs)
    {
        await using var load = await LoadWorld.StartAsync(
            ("Providers:TextTimeoutMs", "2000"), ("Providers:TotalTimeoutMs", "6000"), ("Providers:Concurrency", "200"));
        var before = await RunAsync(load, seconds: 10);
        var failsAt = load.Time.GetUtcNow();
        load.MakeA(hangs ? load.Hang(CallTimeout) : load.After(TimeSpan.Zero, OpenAIStandIn.Error(500, "server_error", null, "The server had an error.")));
        var meanwhile = await RunAsync(load, seconds: 60);
        var recoversAt = load.Time.GetUtcNow();
        load.MakeA(load.After(TimeSpan.Zero));
        var recovering = await RunAsync(load, seconds: 20);
        var after = await RunAsync(load, seconds: 10);

        Answered[] all = [.. before, .. meanwhile, .. recovering, .. after];
        Assert.All(all, one => Assert.NotNull(one.Result.Value));
        Assert.All(all, one => Assert.InRange(one.Took, TimeSpan.Zero, TotalTimeout));
        Assert.All(all.SelectMany(one => one.Result.Attempts), attempt => Assert.InRange(attempt.ElapsedMs, 0, CallTimeout.TotalMilliseconds));
        Assert.All(before.Concat(after), one => Assert.Equal("a-large:ok", one.Trail));
        Assert.All(meanwhile, one => Assert.Equal("acme", one.Result.Provider));

        var opened = failsAt + TimeSpan.FromSeconds(OpensWithinSeconds);
        var whileOpen = load.CallsOfA.Where(call => call.At >= opened && call.At < recoversAt).ToList();
        var probes = (int)Math.Ceiling((recoversAt - opened) / Break);
        Assert.All(whileOpen.GroupBy(call => call.Model), model => Assert.InRange(model.Count(), 1, probes));
        var lateOnes = meanwhile.Skip(PerSecond * OpensWithinSeconds).ToList();
        Assert.InRange(lateOnes.Count(one => one.Trail == "a-large:circuit_open a-small:circuit_open b:ok"), lateOnes.Count - whileOpen.Count, lateOnes.Count);
    }

    private static async Task<Answered[]> RunAsync(LoadWorld load, int seconds)
    {
        const int batches = 5;
        var sent = new List<Task<Answered>>();
        for (var batch = 0; batch < seconds * batches; batch++)
        {
            sent.AddRange(Enumerable.Range(0, PerSecond / batches).Select(number => load.Send($"user-{number}", Models)));
            await load.AdvanceAsync(TimeSpan.FromSeconds(1) / batches);
        }

        await load.AdvanceAsync(TimeSpan.Zero);
        while (sent.Any(one => !one.IsCompleted))
        {
            await load.AdvanceAsync(CallTimeout);
        }

        return await Task.WhenAll(sent);
    }
}
