using Azure.Core;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Flow;

/// <summary>The platform's spend is what the accounts recorded, whatever got lost on the way.</summary>
public sealed class SpendFlowTests
{
    private const long ImageNanoUsd = 80_000_000;

    [Fact]
    public async Task Spend_counts_what_is_recorded_when_it_is_recorded_corrections_included()
    {
        await using var app = await TestApp.StartAsync();
        var store = app.Get<AccountStore>();
        await store.ExecuteAsync("ann", Holds.Image("op"));
        app.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(0, await SpentAsync(app));

        await store.ExecuteAsync("ann", new Sweep());
        var assumed = await SpentAsync(app);
        await store.ExecuteAsync("ann", new Settle("op", 1, 30_000_000, World.Facts()));

        Assert.Equal((ImageNanoUsd, 30_000_000), (assumed, await SpentAsync(app)));
    }

    [Fact]
    public async Task What_a_lost_reply_left_out_comes_back_when_spend_is_reconciled()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        await app.ImageAsync("ann", "first");
        var transactions = 0;
        // Of reserving and settling the second: its reply is lost, and the charge found when it is tried again.
        transport.Choose = request => FaultyTransport.IsTransaction(request) && Interlocked.Increment(ref transactions) == 2 ? Fault.ReplyLost : Fault.None;
        await app.ImageAsync("ann", "second");
        transport.Choose = _ => Fault.None;
        Assert.Equal(ImageNanoUsd, await SpentAsync(app));

        await ReconcileAsync(app);
        await ReconcileAsync(app);

        Assert.Equal(2 * ImageNanoUsd, await SpentAsync(app));
    }

    [Fact]
    public async Task What_an_instance_that_died_had_not_written_comes_back_too()
    {
        await using var app = await TestApp.StartAsync();
        await app.ImageAsync("ann", "first");
        await app.ImageAsync("bob", "second");
        await app.StopAsync();
        await DeleteSpendAsync(app);
        await using var next = await TestApp.StartAsync(sharing: app);
        Assert.Equal(0, await SpentAsync(next));

        await ReconcileAsync(next);

        Assert.Equal(2 * ImageNanoUsd, await SpentAsync(next));
    }

    [Fact]
    public async Task What_another_instance_has_not_written_yet_may_count_twice_until_the_next_run_and_never_too_little()
    {
        await using var one = await TestApp.StartAsync();
        await using var two = await TestApp.StartAsync(sharing: one);
        await two.ImageAsync("ann", "first");

        await ReconcileAsync(one);
        await two.Get<PlatformSpend>().FlushAsync(CancellationToken.None);
        var meanwhile = await SpentAsync(one);
        await Task.WhenAll(ReconcileAsync(one), ReconcileAsync(two));

        Assert.InRange(meanwhile, ImageNanoUsd, 2 * ImageNanoUsd);
        Assert.Equal((ImageNanoUsd, ImageNanoUsd), (await SpentAsync(one), await SpentAsync(two)));
    }

    [Theory]
    [InlineData("spend")]
    [InlineData("month%7C")]
    public async Task What_is_recorded_while_a_run_reads_is_never_left_out(string reading)
    {
        var transport = new FaultyTransport();
        await using var one = await TestApp.StartAsync(transport: transport);
        await using var two = await TestApp.StartAsync(sharing: one);
        await two.ImageAsync("ann", "first");
        var isDone = 0;
        transport.Meanwhile = async request =>
        {
            if (request.Method == RequestMethod.Get && request.Uri.ToString().Contains(reading, StringComparison.Ordinal) && Interlocked.Exchange(ref isDone, 1) == 0)
            {
                await two.ImageAsync("ann", "second");
                await two.Get<PlatformSpend>().FlushAsync(CancellationToken.None);
            }
        };

        await ReconcileAsync(one);

        Assert.Equal(1, isDone);
        Assert.InRange(await SpentAsync(one), 2 * ImageNanoUsd, 4 * ImageNanoUsd);
    }

    [Fact]
    public async Task On_the_first_day_of_a_month_the_one_before_is_reconciled_as_well()
    {
        await using var app = await TestApp.StartAsync();
        app.Clock.Advance(new DateTimeOffset(2040, 5, 31, 23, 58, 0, TimeSpan.Zero) - TestClock.Start);
        await app.Get<AccountStore>().ExecuteAsync("ann", Holds.Image("op"));
        app.Clock.Advance(TimeSpan.FromMinutes(4));
        await app.Get<AccountStore>().ExecuteAsync("ann", new Settle("op", 1, ImageNanoUsd, World.Facts()));
        await app.Get<PlatformSpend>().FlushAsync(CancellationToken.None);
        await DeleteSpendAsync(app);

        await ReconcileAsync(app);

        Assert.Equal((ImageNanoUsd, 0L), (await RowsAsync(app, "204005"), await RowsAsync(app, "204006")));
    }

    [Fact]
    public async Task Half_the_accounts_are_not_the_truth()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        await app.ImageAsync("ann", "first");
        await app.ImageAsync("bob", "second");
        await app.Get<PlatformSpend>().FlushAsync(CancellationToken.None);
        transport.Choose = request => request.Uri.ToString().Contains("bob", StringComparison.Ordinal) ? Fault.Busy : Fault.None;

        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => ReconcileAsync(app));

        Assert.Equal(2 * ImageNanoUsd, await RowsAsync(app, "204005"));
    }

    private static Task ReconcileAsync(TestApp app) => app.Get<SpendReconciler>().ReconcileAsync(CancellationToken.None);

    /// <summary>As any instance sees it once it reads anew.</summary>
    private static async Task<long> SpentAsync(TestApp app)
    {
        app.Clock.Advance(TimeSpan.FromSeconds(11));
        return await app.Get<PlatformSpend>().ReadMonthAsync(CancellationToken.None);
    }

    private static async Task<long> RowsAsync(TestApp app, string month)
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Spend);
        var rows = await client.QueryAsync<TableEntity>(row => row.PartitionKey == month).ToListAsync();
        return rows.Sum(row => row.GetInt64("CostNanoUsd") ?? 0);
    }

    private static async Task DeleteSpendAsync(TestApp app)
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Spend);
        await foreach (var row in client.QueryAsync<TableEntity>())
        {
            await client.DeleteEntityAsync(row, row.ETag);
        }
    }
}
