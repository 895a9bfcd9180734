using static ServerlessAi.Tests.Providers.ProviderWorld;

namespace ServerlessAi.Tests.Providers.Resilience;

/// <summary>Accounts that share a busy provider, whose calls all take the same time.</summary>
public sealed class FairnessTests
{
    private static readonly TimeSpan Service = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_burst_of_500_from_one_account_delays_another_accounts_request_by_one_service_time_at_most()
    {
        await using var load = await StartAsync(queueLimit: 600);
        var burst = Enumerable.Range(0, 500).Select(_ => load.Send("ann", TextModel("a"))).ToList();
        await load.AdvanceAsync(Service * 3.3);

        var single = load.Send("bob", TextModel("a"));
        await load.AdvanceAsync(Service * 2);
        var burstDone = burst.Count(one => one.IsCompleted);
        await load.AdvanceAsync(Service * 70);

        var bob = await single;
        Assert.NotNull(bob.Result.Value);
        Assert.Equal((700, 1_000), (bob.Result.Attempts[0].QueuedMs, bob.Result.Attempts[0].ElapsedMs));
        Assert.InRange(bob.Took, Service, 2 * Service);
        Assert.InRange(burstDone, 30, 48);
        Assert.All(await Task.WhenAll(burst), one => Assert.NotNull(one.Result.Value));
    }

    [Fact]
    public async Task Accounts_are_served_in_turn_however_much_each_of_them_sends()
    {
        await using var load = await StartAsync(queueLimit: 600);
        var ann = Enumerable.Range(0, 100).Select(_ => load.Send("ann", TextModel("a"))).ToList();
        var bob = Enumerable.Range(0, 20).Select(_ => load.Send("bob", TextModel("a"))).ToList();
        var cid = Enumerable.Range(0, 20).Select(_ => load.Send("cid", TextModel("a"))).ToList();

        // The first eight were free at once, and were ann's; then it is one for each.
        await load.AdvanceAsync(Service * 4);

        Assert.Equal((16, 8, 8), (ann.Count(Done), bob.Count(Done), cid.Count(Done)));
        await load.AdvanceAsync(Service * 20);

        static bool Done(Task task) => task.IsCompleted;
    }

    [Fact]
    public async Task In_a_full_queue_who_has_less_waiting_takes_the_place_of_the_newest_of_who_has_most()
    {
        await using var load = await StartAsync(queueLimit: 4);
        var ann = Enumerable.Range(0, 12).Select(_ => load.Send("ann", TextModel("a"))).ToList();
        await load.AdvanceAsync(TimeSpan.Zero);
        var tooMany = load.Send("ann", TextModel("a"));
        await load.AdvanceAsync(TimeSpan.Zero);

        var bob = load.Send("bob", TextModel("a"));
        await load.AdvanceAsync(TimeSpan.Zero);

        Assert.Equal("a:busy", (await tooMany).Trail);
        Assert.Equal("a:busy", (await ann[^1]).Trail);
        Assert.Equal(4, load.HealthOf(LoadWorld.A).Waiting);
        await load.AdvanceAsync(Service * 3);
        Assert.Equal("a:ok", (await bob).Trail);
        Assert.All(ann.Take(11), one => Assert.Equal("a:ok", one.Result.Trail));
    }

    [Fact]
    public async Task In_a_full_queue_of_equals_the_newcomer_is_refused_and_told_when_to_come_again()
    {
        await using var load = await StartAsync(queueLimit: 4);
        var first = Enumerable.Range(0, 8).Select(_ => load.Send("ann", TextModel("a"))).ToList();
        var waiting = new[] { "bob", "cid", "dan", "eve" }.Select(account => load.Send(account, TextModel("a"))).ToList();
        await load.AdvanceAsync(TimeSpan.Zero);

        var late = load.Send("fay", TextModel("a"));
        await load.AdvanceAsync(Service * 3);

        var refused = (await late).Result;
        Assert.Equal((true, TimeSpan.FromSeconds(1)), (refused.IsCrowded, refused.RetryAfter));
        Assert.All(first.Concat(waiting), one => Assert.Equal("a:ok", one.Result.Trail));
        Assert.Equal((0, 0), (load.HealthOf(LoadWorld.A).InUse, load.HealthOf(LoadWorld.A).Waiting));
    }

    [Fact]
    public async Task Who_has_waited_long_enough_is_served_elsewhere_and_all_models_of_the_busy_provider_are_passed_over()
    {
        await using var load = await LoadWorld.StartAsync(("Providers:Limits:openai:Concurrency", "1"), ("Providers:Limits:openai:QueueTimeoutMs", "500"));
        load.MakeA(load.After(Service));
        var first = load.Send("ann", TextModel("a"));
        await load.AdvanceAsync(TimeSpan.Zero);

        var withFallback = load.Send("bob", TextModel("a"), TextModel("a-small"), TextModel("b", LoadWorld.B));
        var without = load.Send("cid", TextModel("a"));
        await load.AdvanceAsync(Service);

        Assert.Equal(("a:busy b:ok", "a:busy", "a:ok"), ((await withFallback).Trail, (await without).Trail, (await first).Trail));
        Assert.Equal((TimeSpan.FromMilliseconds(500), 500), ((await withFallback).Took, (await withFallback).Result.Attempts[0].QueuedMs));
        Assert.Empty((await without).Result.MayBill);
        Assert.Equal((true, 0, 0), ((await without).Result.IsCrowded, load.HealthOf(LoadWorld.A).InUse, load.HealthOf(LoadWorld.A).Waiting));
    }

    private static async Task<LoadWorld> StartAsync(int queueLimit)
    {
        var load = await LoadWorld.StartAsync(
            ("Providers:Concurrency", "8"), ("Providers:QueueTimeoutMs", "200000"), ("Providers:QueueLimit", $"{queueLimit}"));
        load.MakeA(load.After(Service));
        return load;
    }
}
