using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Privacy;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Flow;

/// <summary>Lines that move no money wait in memory: for a storage that is away, and not beyond the deletion of whom they speak of.</summary>
public sealed class LateLinesTests
{
    [Fact]
    public async Task What_storage_does_not_take_of_one_account_waits_and_no_other_waits_for_it()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var running = app;
        foreach (var user in new[] { "ann", "bob" })
        {
            await HitAsync(app, user);
        }

        storage.Faults = request => request.Partition == "ann" ? Fault.Busy503 : Fault.None;
        await Assert.ThrowsAnyAsync<Exception>(() => app.Get<UsageLog>().FlushAsync(default));
        await Assert.ThrowsAnyAsync<Exception>(() => app.Get<CacheHits>().FlushAsync(default));
        storage.Faults = _ => Fault.None;
        var (ofAnn, ofBob) = (await LinesAsync(app, "ann"), await LinesAsync(app, "bob"));
        await FlushAsync(app);

        Assert.Equal((0, 2), (ofAnn, ofBob));
        Assert.Equal((2, 2), (await LinesAsync(app, "ann"), await LinesAsync(app, "bob")));
    }

    [Fact]
    public async Task What_waits_too_long_is_dropped()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var running = app;
        await HitAsync(app, "ann");
        app.Clock.Advance(TimeSpan.FromMinutes(10));
        storage.Faults = request => request.Partition == "ann" ? Fault.Busy503 : Fault.None;
        await Assert.ThrowsAnyAsync<Exception>(() => app.Get<UsageLog>().FlushAsync(default));
        storage.Faults = _ => Fault.None;

        await app.Get<UsageLog>().FlushAsync(default);

        Assert.Equal(0, await LinesAsync(app, "ann"));
    }

    [Fact]
    public async Task What_any_instance_still_has_of_whoever_was_deleted_goes_too()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var running = app;
        await using var other = (await TestApp.StartSimulatedAsync(sharing: app, storage: storage)).App;
        await HitAsync(app, "ann");
        app.Clock.Advance(ErasedRows.Settling);
        await HitAsync(other, "ann");
        await HitAsync(app, "ann");

        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);
        await FlushAsync(app);
        Assert.Equal(0, await LinesAsync(app, "ann"));
        await FlushAsync(other);
        Assert.NotEqual(0, await LinesAsync(app, "ann"));
        app.Clock.Advance(Erasures.Quiet);
        await app.Get<Erasures>().FinishAllAsync(default);

        Assert.Equal((0, 0), (await LinesAsync(app, "ann"), await CountAsync(app, TableNames.Erasures, "erasure")));
    }

    [Fact]
    public async Task Whoever_is_refused_because_the_account_is_closed_leaves_no_line()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var running = app;
        await app.GiveAsync("ann", 5);
        await app.SendAsync(HttpMethod.Delete, "account?userId=ann");

        Assert.Equal(410, (await app.CompleteAsync("ann", "hello")).Status);
        await FlushAsync(app);

        Assert.Equal([AccountRows.StateKey], await KeysAsync(app, TableNames.Accounts, "ann"));
    }

    private static async Task HitAsync(TestApp app, string user)
    {
        await app.CompleteAsync(user, "the same of " + user);
        Assert.True((await app.CompleteAsync(user, "the same of " + user)).Flag("cached"));
    }

    private static async Task FlushAsync(TestApp app)
    {
        await app.Get<UsageLog>().FlushAsync(default);
        await app.Get<CacheHits>().FlushAsync(default);
    }

    /// <summary>Hits in the usage log, and rows that count them by day.</summary>
    private static async Task<int> LinesAsync(TestApp app, string user) =>
        (await KeysAsync(app, TableNames.Accounts, user)).Count(key => key.StartsWith("hits|", StringComparison.Ordinal) || (key.StartsWith("use|", StringComparison.Ordinal) && key.EndsWith(UsageEvents.CacheHit, StringComparison.Ordinal)));

    private static async Task<int> CountAsync(TestApp app, string table, string partition) => (await KeysAsync(app, table, partition)).Count;

    private static async Task<List<string>> KeysAsync(TestApp app, string table, string partition) =>
        await (await app.Get<Tables>().GetAsync(table)).QueryAsync<TableEntity>(row => row.PartitionKey == partition).Select(row => row.RowKey).ToListAsync();
}
