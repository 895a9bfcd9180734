using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Auditing;
using ServerlessAi.Primitives;
using ServerlessAi.Tests.Accounts;
using Fault = ServerlessAi.Simulator.Storage.Fault;

namespace ServerlessAi.Tests.Simulation;

/// <summary>Writes that arrive although nobody waits for them any more.</summary>
public sealed class LateWriteTests
{
    private static readonly Dictionary<string, string?> Impatient = new(StringComparer.Ordinal) { ["Credits:PatienceMs"] = "100" };

    [Fact]
    public async Task A_reservation_given_again_after_its_hold_has_ended_finds_out_and_holds_nobody_up()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync(Impatient);
        await using var _ = app;
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", new Sweep());
        var transactions = 0;
        storage.Faults = request => request.IsTransaction && Interlocked.Increment(ref transactions) == 1 ? Fault.ReplyLost
            : transactions == 0 ? Fault.None
            : Fault.Timeout;
        Assert.IsType<Refused>(await store.ExecuteAsync("ann", Reserve("op")));
        storage.Faults = _ => Fault.None;
        Assert.IsType<Ended>(await store.ExecuteAsync("ann", new Release("op", "test")));

        var outcomes = await Task.WhenAll(store.ExecuteAsync("ann", Reserve("op")), store.ExecuteAsync("ann", new Grant("gift", GrantKind.Gift, 1, "test")));

        Assert.Equal(HoldStatus.Released, Assert.IsType<Ended>(outcomes[0]).Record.Status);
        Assert.IsType<Posted>(outcomes[1]);
    }

    [Fact]
    public async Task What_was_refused_does_not_happen_afterwards_though_its_first_attempt_is_still_on_its_way()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var _ = app;
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", new Grant("later", GrantKind.Gift, 5 * Money.MicroPerCredit, "test") { EffectiveAt = app.Clock.GetUtcNow() });
        await store.ExecuteAsync("ann", new Deduct("all-but-the-gift", 10 * Money.MicroPerCredit, "test"));
        var arrival = new TaskCompletionSource();
        var transactions = 0;
        storage.Faults = request =>
        {
            if (!request.IsTransaction || Interlocked.Increment(ref transactions) > 1)
            {
                return Fault.None;
            }

            // The next attempt decides by a clock that lags, as another instance's may: the gift is not effective yet.
            app.Clock.Advance(TimeSpan.FromSeconds(-2));
            return Fault.LateApplied(arrival.Task);
        };

        var refused = Assert.IsType<Refused>(await store.ExecuteAsync("ann", new Deduct("late", Money.MicroPerCredit, "test")));
        arrival.SetResult();
        await storage.LateArrivalsAsync();

        Assert.Equal(RefusalCodes.InsufficientCredits, refused.Refusal.Code);
        Assert.Equal(5 * Money.MicroPerCredit, (await store.ReadStoredAsync("ann"))!.BalanceMicro);
        Assert.Empty((await app.Get<Auditor>().ProveAsync("ann", CancellationToken.None).SingleAsync()).Problems);
    }

    [Fact]
    public async Task What_was_refused_when_it_was_given_again_does_not_happen_afterwards_either()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync(Impatient);
        await using var _ = app;
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", new Grant("later", GrantKind.Gift, 5 * Money.MicroPerCredit, "test") { EffectiveAt = app.Clock.GetUtcNow() });
        await store.ExecuteAsync("ann", new Deduct("all-but-the-gift", 10 * Money.MicroPerCredit, "test"));
        var arrival = new TaskCompletionSource();
        var transactions = 0;
        storage.Faults = request => request.IsTransaction && Interlocked.Increment(ref transactions) == 1 ? Fault.LateApplied(arrival.Task)
            : transactions == 0 ? Fault.None
            : Fault.Timeout;
        var unavailable = Assert.IsType<Refused>(await store.ExecuteAsync("ann", new Deduct("late", Money.MicroPerCredit, "test")));
        storage.Faults = _ => Fault.None;
        app.Clock.Advance(TimeSpan.FromSeconds(-2));

        var refused = Assert.IsType<Refused>(await store.ExecuteAsync("ann", new Deduct("late", Money.MicroPerCredit, "test")));
        arrival.SetResult();
        await storage.LateArrivalsAsync();

        Assert.Equal((RefusalCodes.StorageUnavailable, RefusalCodes.InsufficientCredits), (unavailable.Refusal.Code, refused.Refusal.Code));
        Assert.Equal(5 * Money.MicroPerCredit, (await store.ReadStoredAsync("ann"))!.BalanceMicro);
    }

    [Fact]
    public async Task A_gift_that_another_instance_refuses_when_it_is_repeated_does_not_leave_its_sender_afterwards()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync(Impatient);
        await using var _ = app;
        var (other, _) = await TestApp.StartSimulatedAsync(Impatient, sharing: app, storage: storage);
        await using var __ = other;
        await app.GiveAsync("bob", 1);
        await app.Get<AccountStore>().ExecuteAsync("ann", new Grant("later", GrantKind.Purchase, 5 * Money.MicroPerCredit, "test") { EffectiveAt = app.Clock.GetUtcNow() });
        var arrival = new TaskCompletionSource();
        var transactions = 0;
        storage.Faults = request => !request.IsTransaction || request.Partition != "ann" ? Fault.None
            : Interlocked.Increment(ref transactions) == 1 ? Fault.LateApplied(arrival.Task)
            : Fault.Timeout;
        var unavailable = await GiftAsync(app);
        storage.Faults = request => Fault.None;
        app.Clock.Advance(TimeSpan.FromSeconds(-2));

        var refused = await GiftAsync(other);
        arrival.SetResult();
        await storage.LateArrivalsAsync();

        Assert.Equal((503, 402), (unavailable.Status, refused.Status));
        Assert.Equal(15 * Money.MicroPerCredit, (await app.Get<AccountStore>().ReadStoredAsync("ann"))!.BalanceMicro);
        Assert.Equal(11 * Money.MicroPerCredit, (await app.Get<AccountStore>().ReadStoredAsync("bob"))!.BalanceMicro);
    }

    private static Task<Reply> GiftAsync(TestApp app) =>
        app.SendAsync(HttpMethod.Post, "credits/gift", new { userId = "ann", toUserId = "bob", amount = 5 }, change: request => request.Headers.Add("Idempotency-Key", "k"));

    [Fact]
    public async Task A_release_that_reads_while_the_hold_arrives_ends_it()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync(Impatient);
        await using var _ = app;
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", new Sweep());
        var arrival = new TaskCompletionSource();
        var transactions = 0;
        storage.Faults = request => request.IsTransaction && Interlocked.Increment(ref transactions) == 1 ? Fault.LateApplied(arrival.Task)
            : transactions == 0 ? Fault.None
            : Fault.Timeout;
        Assert.IsType<Refused>(await store.ExecuteAsync("ann", Reserve("op")));
        var reads = 0;
        storage.Faults = request =>
        {
            // Between the account's own row, which is read first, and the hold's.
            if (Interlocked.Increment(ref reads) == 2)
            {
                arrival.SetResult();
            }

            return Fault.None;
        };

        var ended = Assert.IsType<Ended>(await store.ExecuteAsync("ann", new Release("op", "test")));

        Assert.Equal(HoldStatus.Released, ended.Record.Status);
        Assert.Empty((await store.ReadStoredAsync("ann"))!.Holds);
    }

    private static Reserve Reserve(string id) => new(
        id,
        WorkKind.Image,
        [World.ImageOffer("premium", 1, freeQuota: false, 0.08m, isStandard: false)],
        new World().Plans,
        TimeSpan.FromMinutes(5),
        PlatformOverBudget: false);
}
