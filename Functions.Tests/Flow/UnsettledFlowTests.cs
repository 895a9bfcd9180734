using Azure.Core;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Flow;

/// <summary>Endings that storage did not take outlive the instance that owes them.</summary>
public sealed class UnsettledFlowTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly Dictionary<string, string?> Paid = new(StringComparer.Ordinal)
    {
        ["Credits:PatienceMs"] = "100",
        ["Plans:Items:free:FreeImagesPerDay"] = "0",
    };

    [Fact]
    public async Task A_charge_that_its_account_did_not_take_is_made_by_whoever_comes_next()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(Paid, transport: transport);
        await using var other = await TestApp.StartAsync(sharing: app);
        await app.ImageAsync("ann", "warm up");
        LoseSettlements(transport);

        var reply = await app.ImageAsync("ann", "a fox");
        var written = await RowsAsync(other);
        await other.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);

        Assert.Equal((200, "pending", 1), (reply.Status, reply.Receipt.GetProperty("settlement").GetString(), written));
        await Ledger.AssertAsync(other, credits: 8, charges: 2);
        Assert.Equal(0, await RowsAsync(other));
    }

    [Fact]
    public async Task Whoever_makes_the_charge_deletes_its_row()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(Paid, transport: transport);
        await app.ImageAsync("ann", "warm up");
        LoseSettlements(transport);
        await app.ImageAsync("ann", "a fox");

        transport.Choose = _ => Fault.None;

        await Wait.UntilAsync(async () => await RowsAsync(app) == 0, "the row is gone");
        await Ledger.AssertAsync(app, credits: 8, charges: 2);
    }

    [Fact]
    public async Task A_release_waits_for_its_account_as_well_and_what_it_knows_counts()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(Paid, transport: transport);
        await using var other = await TestApp.StartAsync(sharing: app);
        await app.ImageAsync("ann", "warm up");
        var transactions = 0;
        transport.Choose = request => IsImage(request) ? Fault.Denied
            : FaultyTransport.IsTransaction(request) && Interlocked.Increment(ref transactions) > 1 ? Fault.Lost
            : Fault.None;

        Assert.Equal(503, (await app.ImageAsync("ann", "a fox")).Status);
        await other.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);

        var state = await other.Get<AccountStore>().ReadAsync("ann");
        Assert.Equal((0, 160_000_000, 0), (state.Holds.Length, state.Month.CostNanoUsd, state.Month.UncertainCostNanoUsd));
    }

    [Fact]
    public async Task What_is_owed_is_charged_before_the_account_is_deleted()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(Paid, transport: transport);
        await using var other = await TestApp.StartAsync(sharing: app);
        await app.ImageAsync("ann", "warm up");
        LoseSettlements(transport);
        await app.ImageAsync("ann", "a fox");
        Assert.Equal(1, await RowsAsync(other));

        var deleted = await other.SendAsync(HttpMethod.Delete, "account?userId=ann");

        var audit = await other.GetAsync("manage/audit", other.Admin);
        Assert.Equal((200, 0, 2), (deleted.Status, await RowsAsync(other), audit.Number("charged")));
        Assert.True(audit.Flag("conserved"), audit.Body.ToString());
    }

    [Fact]
    public async Task Carrying_a_command_out_twice_charges_once()
    {
        await using var app = await TestApp.StartAsync();
        await app.Get<AccountStore>().ExecuteAsync("ann", Holds.Image("op"));
        var settle = new Settle("op", Money.MicroPerCredit, 80_000_000, World.Facts());
        await KeepAsync(app, settle);
        await app.Get<AccountStore>().ExecuteAsync("ann", settle);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => app.Get<Unsettled>().FinishAllAsync(CancellationToken.None)));

        await Ledger.AssertAsync(app, credits: 9, charges: 1);
        Assert.Equal(0, await RowsAsync(app));
    }

    [Fact]
    public async Task A_command_whose_hold_does_not_exist_is_dropped()
    {
        await using var app = await TestApp.StartAsync();
        await KeepAsync(app, new Release("nobody", "storage_unavailable"));

        await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);

        Assert.Equal(0, await RowsAsync(app));
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_keeps_no_other_waiting()
    {
        await using var app = await TestApp.StartAsync();
        await app.Get<AccountStore>().ExecuteAsync("ann", Holds.Image("op"));
        await KeepAsync(app, new Settle("op", Money.MicroPerCredit, 0, World.Facts()));
        var client = await app.Get<Tables>().GetAsync(TableNames.Unsettled);
        await client.AddEntityAsync(new TableEntity("aaa", "broken") { ["Account"] = "aaa", ["Kind"] = "settle", ["Body"] = "{" });

        await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);

        await Ledger.AssertAsync(app, credits: 9, charges: 1);
        Assert.Equal(1, await RowsAsync(app));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(100_000, true)]
    [InlineData(LongText.LengthLimit, false)]
    [InlineData(5_000_000, false)]
    public async Task A_payload_that_fits_no_row_does_not_keep_the_charge_from_being_written_down(int length, bool isKept)
    {
        await using var app = await TestApp.StartAsync();
        var payload = new string('"', length);
        await KeepAsync(app, new Settle("op", Money.MicroPerCredit, 0, World.Facts()) { Payload = payload });

        var client = await app.Get<Tables>().GetAsync(TableNames.Unsettled);
        var row = await client.QueryAsync<TableEntity>().SingleAsync();
        var command = Assert.IsType<Settle>(Unsettled.ToCommand(row));

        Assert.Equal(Money.MicroPerCredit, command.ChargeMicro);
        Assert.Equal(isKept ? payload : null, command.Payload);
    }

    [Fact]
    public async Task Expired_holds_are_given_back_though_what_is_unsettled_cannot_be_read()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        await app.Get<AccountStore>().ExecuteAsync("ann", Holds.Image("op"));
        app.Clock.Advance(TimeSpan.FromMinutes(6));
        transport.Choose = request => request.Uri.ToString().Contains(TableNames.Unsettled, StringComparison.Ordinal) ? Fault.Denied : Fault.None;

        Assert.Equal(1, await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None));
    }

    /// <summary>Reserving goes through; nothing after it does.</summary>
    internal static void LoseSettlements(FaultyTransport transport)
    {
        var transactions = 0;
        transport.Choose = request => FaultyTransport.IsTransaction(request) && Interlocked.Increment(ref transactions) > 1 ? Fault.Lost : Fault.None;
    }

    internal static async Task<int> RowsAsync(TestApp app)
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Unsettled);
        return (await client.QueryAsync<TableEntity>().ToListAsync()).Count;
    }

    private static async Task KeepAsync(TestApp app, Command command) => Assert.True(await app.Get<Unsettled>().KeepAsync("ann", command, Patience));

    private static bool IsImage(Request request) => request.Uri.ToString().Contains("/images-", StringComparison.Ordinal);
}
