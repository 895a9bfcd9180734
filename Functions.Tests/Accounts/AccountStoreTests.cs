using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

/// <summary>The store on a real table service, with requests and replies that get lost.</summary>
public sealed class AccountStoreTests
{
    private static readonly PlanBook Plans = new("free", new Dictionary<string, PlanLimits>(StringComparer.Ordinal)
    {
        ["free"] = new() { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 100, FreeImagesPerDay = 0 },
    });

    [Theory]
    [InlineData(nameof(Fault.ReplyLost))]
    [InlineData(nameof(Fault.Lost))]
    [InlineData(nameof(Fault.Busy))]
    public async Task A_reservation_whose_first_attempt_fails_is_taken_once(string fault)
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", Buy("order", 5));
        FailFirstTransaction(transport, Enum.Parse<Fault>(fault));

        var outcome = await store.ExecuteAsync("ann", Reserve("op"));

        Assert.Equal("op", Assert.IsType<Admitted>(outcome).Hold.OperationId);
        var state = await store.ReadAsync("ann");
        Assert.Equal((1, Money.MicroPerCredit, 15 * Money.MicroPerCredit), (state.Holds.Length, state.HeldMicro, state.BalanceMicro));
    }

    [Theory]
    [InlineData(nameof(Fault.ReplyLost))]
    [InlineData(nameof(Fault.Lost))]
    public async Task A_settlement_whose_first_attempt_fails_charges_once(string fault)
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", Reserve("op"));
        FailFirstTransaction(transport, Enum.Parse<Fault>(fault));

        var outcome = await store.ExecuteAsync("ann", new Settle("op", Money.MicroPerCredit, 80_000_000, World.Facts()));

        Assert.Equal(Money.MicroPerCredit, Assert.IsType<Ended>(outcome).Record.ChargedMicro);
        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    [Theory]
    [InlineData(nameof(Fault.ReplyLost))]
    [InlineData(nameof(Fault.Lost))]
    public async Task A_purchase_whose_first_attempt_fails_is_credited_once(string fault)
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        var store = app.Get<AccountStore>();
        FailFirstTransaction(transport, Enum.Parse<Fault>(fault));

        var outcome = await store.ExecuteAsync("ann", Buy("order", 5));
        var again = await store.ExecuteAsync("ann", Buy("order", 5));

        Assert.Equal(Assert.IsType<Posted>(outcome).Record, Assert.IsType<Posted>(again).Record);
        await Ledger.AssertAsync(app, credits: 15, charges: 0);
    }

    [Fact]
    public async Task A_reply_lost_while_another_instance_also_writes_is_still_recognised()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        await using var other = await TestApp.StartAsync(sharing: app);
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", Reserve("op"));
        var lost = 0;
        transport.Choose = request =>
        {
            if (!FaultyTransport.IsTransaction(request) || Interlocked.Increment(ref lost) > 1)
            {
                // Between the lost reply and the second look somebody else moves the account on.
                if (lost == 1)
                {
                    Interlocked.Increment(ref lost);
                    other.Get<AccountStore>().ExecuteAsync("ann", Buy("meanwhile", 1)).GetAwaiter().GetResult();
                }

                return Fault.None;
            }

            return Fault.ReplyLost;
        };

        var outcome = await store.ExecuteAsync("ann", new Settle("op", Money.MicroPerCredit, 80_000_000, World.Facts()));

        Assert.Equal(Money.MicroPerCredit, Assert.IsType<Ended>(outcome).Record.ChargedMicro);
        await Ledger.AssertAsync(app, credits: 10, charges: 1);
    }

    [Fact]
    public async Task Commands_that_wait_for_the_same_account_share_a_transaction()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", Buy("order", 100));
        var transactions = 0;
        transport.Choose = request =>
        {
            Interlocked.Add(ref transactions, FaultyTransport.IsTransaction(request) ? 1 : 0);
            return Fault.None;
        };

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => store.ExecuteAsync("ann", Reserve($"op{i}"))));

        Assert.All(outcomes, outcome => Assert.IsType<Admitted>(outcome));
        Assert.InRange(transactions, 1, 10);
        Assert.Equal(60, (await store.ReadAsync("ann")).Holds.Length);
    }

    [Fact]
    public async Task The_common_path_reads_nothing_and_writes_two_transactions()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", Reserve("warm-up"));
        await store.ExecuteAsync("ann", new Release("warm-up", "test"));
        var requests = new List<string>();
        transport.Choose = request =>
        {
            lock (requests)
            {
                requests.Add(request.Method.ToString());
            }

            return Fault.None;
        };

        await store.ExecuteAsync("ann", Reserve("op"));
        await store.ExecuteAsync("ann", new Settle("op", 1, 1, World.Facts()));

        Assert.Equal(["POST", "POST"], requests);
    }

    [Fact]
    public async Task A_refusal_from_memory_is_looked_up_again_before_it_is_given()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Credits:SignUp"] = "0" });
        await using var other = await TestApp.StartAsync(sharing: app);
        var store = app.Get<AccountStore>();
        Assert.IsType<Refused>(await store.ExecuteAsync("ann", Reserve("poor")));

        await other.Get<AccountStore>().ExecuteAsync("ann", Buy("order", 1));

        Assert.IsType<Admitted>(await store.ExecuteAsync("ann", Reserve("rich")));
    }

    [Fact]
    public async Task While_storage_is_gone_a_command_is_refused_and_the_same_one_later_goes_through()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Credits:PatienceMs"] = "100" }, transport: transport);
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", Reserve("op"));
        transport.Choose = _ => Fault.Lost;
        var settle = new Settle("op", Money.MicroPerCredit, 80_000_000, World.Facts());

        var refused = Assert.IsType<Refused>(await store.ExecuteAsync("ann", settle));
        transport.Choose = _ => Fault.None;
        var ended = Assert.IsType<Ended>(await store.ExecuteAsync("ann", settle));

        Assert.Equal(RefusalCodes.StorageUnavailable, refused.Refusal.Code);
        Assert.Equal(Money.MicroPerCredit, ended.Record.ChargedMicro);
    }

    [Fact]
    public async Task A_sweep_gives_back_what_expired_holds_kept_in_an_account_nobody_touches()
    {
        await using var app = await TestApp.StartAsync();
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", Reserve("op"));
        app.Clock.Advance(TimeSpan.FromMinutes(6));

        var swept = await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);
        var sweptAgain = await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);

        Assert.Equal((1, 0), (swept, sweptAgain));
        Assert.Empty((await store.ReadStoredAsync("ann"))!.Holds);
    }

    [Fact]
    public async Task A_state_of_200_open_holds_fits_its_row_and_reads_back()
    {
        await using var app = await TestApp.StartAsync();
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", Buy("order", 500));
        var plans = new PlanBook("free", new Dictionary<string, PlanLimits>(StringComparer.Ordinal) { ["free"] = new() { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 200 } });

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => store.ExecuteAsync("ann", Reserve($"op{i}") with { Plans = plans })));

        Assert.All(outcomes, outcome => Assert.IsType<Admitted>(outcome));
        Assert.Equal(200, (await store.ReadStoredAsync("ann"))!.Holds.Length);
    }

    private static Grant Buy(string id, decimal credits) => new(id, GrantKind.Purchase, Money.FromCredits(credits), "test");

    private static Reserve Reserve(string id) => new(
        id, WorkKind.Image, [World.ImageOffer("premium", 1, freeQuota: false, 0.08m, isStandard: false)], Plans, TimeSpan.FromMinutes(5), PlatformOverBudget: false);

    private static void FailFirstTransaction(FaultyTransport transport, Fault fault)
    {
        var transactions = 0;
        transport.Choose = request => FaultyTransport.IsTransaction(request) && Interlocked.Increment(ref transactions) == 1 ? fault : Fault.None;
    }
}
