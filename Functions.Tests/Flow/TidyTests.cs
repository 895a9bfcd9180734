using Azure.Data.Tables;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Timers;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;
using Fault = ServerlessAi.Simulator.Storage.Fault;

namespace ServerlessAi.Tests.Flow;

/// <summary>The timer at midnight deletes what has expired, and nothing that anybody may still need.</summary>
public sealed class TidyTests : IAsyncLifetime
{
    private static readonly TimeSpan Expired = TimeSpan.FromHours(28);

    private readonly SimulatedStorage storage = new(TimeProvider.System, new SimulatedStorageOptions(PageLimit: 3, EmptyPages: true));
    private FaultyTransport transport = null!;
    private TestApp app = null!;

    public async Task InitializeAsync()
    {
        transport = new FaultyTransport(storage);
        app = await TestApp.StartAsync(transport: transport, connectionString: SimulatedStorage.ConnectionString);
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task Keys_that_have_expired_are_deleted_and_the_others_stay()
    {
        await Keyed.SendAsync(app, "old", Fox("ann"));
        app.Clock.Advance(Expired - TimeSpan.FromHours(12));
        await Keyed.SendAsync(app, "young", Fox("ann"));
        app.Clock.Advance(TimeSpan.FromHours(12));

        await RunTimerAsync(app);

        Assert.Single(await ClaimsAsync());
        Assert.True((await Keyed.SendAsync(app, "young", Fox("ann"))).IsReplayed);
        Assert.False((await Keyed.SendAsync(app, "old", Fox("ann"))).IsReplayed);
    }

    [Fact]
    public async Task Keys_of_changes_and_of_cached_answers_are_found_too()
    {
        await app.ImageAsync("bob", "a fox");
        await Keyed.SendAsync(app, "cached", Fox("cy"));
        await Keyed.ChangeAsync(app, "order", """{ "amount": 5, "kind": "purchase", "reason": "order" }""");
        Assert.Equal(2, (await ClaimsAsync()).Count);
        app.Clock.Advance(Expired);

        await RunTimerAsync(app);

        Assert.Empty(await ClaimsAsync());
    }

    [Fact]
    public async Task The_body_of_a_key_goes_with_it_and_what_others_need_stays()
    {
        await app.ImageAsync("ann", "a fox");
        var texts = app.Get<TextBlobs>();
        var (body, other) = (await texts.SaveAsync("body", CancellationToken.None), await texts.SaveAsync("other", CancellationToken.None));
        await (await AccountsAsync()).AddEntityAsync(new TableEntity("ann", "idem|key") { ["ExpiresAt"] = app.Clock.GetUtcNow(), ["RenderedBlob"] = body });
        app.Clock.Advance(Expired);

        await RunTimerAsync(app);

        Assert.Empty(await ClaimsAsync());
        Assert.Equal((null, "other"), (await texts.ReadAsync(body, CancellationToken.None), await texts.ReadAsync(other, CancellationToken.None)));
    }

    [Fact]
    public async Task A_key_that_is_taken_anew_between_reading_and_deleting_stays()
    {
        for (var i = 0; i < 3; i++)
        {
            await Keyed.SendAsync(app, $"key-{i}", Fox("ann"));
        }

        await using var other = await TestApp.StartAsync(sharing: app, transport: storage, connectionString: SimulatedStorage.ConnectionString);
        app.Clock.Advance(Expired);
        var isTaken = false;
        transport.Meanwhile = async request =>
        {
            if (FaultyTransport.IsTransaction(request) && !isTaken)
            {
                isTaken = true;
                await Keyed.SendAsync(other, "key-1", Fox("ann"));
            }
        };

        await app.Get<Tidier>().TidyAsync(CancellationToken.None);

        Assert.True(isTaken);
        Assert.True(AccountRows.ToClaim(Assert.Single(await ClaimsAsync())).ExpiresAt > app.Clock.GetUtcNow());
        Assert.True((await Keyed.SendAsync(other, "key-1", Fox("ann"))).IsReplayed);
    }

    [Fact]
    public async Task After_months_without_the_timer_everything_old_is_deleted_at_once_however_often_and_wherever_it_runs()
    {
        await using var other = await TestApp.StartAsync(sharing: app, transport: storage, connectionString: SimulatedStorage.ConnectionString);
        for (var month = 0; month < 4; month++)
        {
            foreach (var user in new[] { "ann", "bob", "cy", "dan" })
            {
                await Keyed.SendAsync(app, $"key-{month}", Fox(user));
            }

            app.Clock.Advance(TimeSpan.FromDays(31));
        }

        await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);
        await Task.WhenAll(RunTimerAsync(app), RunTimerAsync(other));
        await RunTimerAsync(other);

        // The 17th of September: August and September are kept.
        Assert.Empty(await ClaimsAsync());
        Assert.Equal(["2040081712"], (await HoursAsync()).Distinct());
        Assert.Equal(4, (await HoursAsync()).Count);
    }

    [Fact]
    public async Task Marks_that_a_sweep_has_not_come_to_stay()
    {
        await app.ImageAsync("ann", "a fox");
        app.Clock.Advance(TimeSpan.FromDays(100));

        await RunTimerAsync(app);
        Assert.Single(await HoursAsync());

        await app.Get<ActiveIndex>().WriteSweptAsync(TestClock.Start, CancellationToken.None);
        await RunTimerAsync(app);
        Assert.Single(await HoursAsync());

        await app.Get<ActiveIndex>().WriteSweptAsync(TestClock.Start.AddHours(1), CancellationToken.None);
        await RunTimerAsync(app);
        Assert.Empty(await HoursAsync());
    }

    [Fact]
    public async Task An_account_out_of_reach_does_not_keep_the_others_and_is_tidied_the_next_time()
    {
        await Keyed.SendAsync(app, "key", Fox("ann"));
        await Keyed.SendAsync(app, "key", Fox("bob"));
        app.Clock.Advance(TimeSpan.FromDays(100));
        await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);
        storage.Faults = request => request.IsTransaction && request.Partition == "ann" ? Fault.Busy503 : Fault.None;

        await app.Get<Tidier>().TidyAsync(CancellationToken.None);
        Assert.Equal("ann", Assert.Single(await ClaimsAsync()).PartitionKey);
        Assert.Equal(2, (await HoursAsync()).Count);

        storage.Faults = _ => Fault.None;
        await app.Get<Tidier>().TidyAsync(CancellationToken.None);
        Assert.Empty(await ClaimsAsync());
        Assert.Empty(await HoursAsync());
    }

    [Fact]
    public async Task A_run_deletes_so_much_and_the_next_goes_on()
    {
        for (var i = 0; i < 12; i++)
        {
            await Keyed.SendAsync(app, $"key-{i}", Fox("ann"));
            await Keyed.SendAsync(app, $"key-{i}", Fox("bob"));
        }

        app.Clock.Advance(TimeSpan.FromDays(100));
        await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);

        var left = new List<int>();
        while (left.Count == 0 || (left[^1] > 0 && left.Count < 24))
        {
            await app.Get<Tidier>().TidyAsync(limit: 3, CancellationToken.None);
            left.Add((await ClaimsAsync()).Count);
        }

        Assert.InRange(left.Count, 3, 8);
        Assert.Equal(left.OrderDescending(), left);
        await app.Get<Tidier>().TidyAsync(limit: 3, CancellationToken.None);
        Assert.Empty(await HoursAsync());
    }

    private static object Fox(string user) => new { userId = user, prompt = "a fox" };

    private static Task RunTimerAsync(TestApp app) =>
        ActivatorUtilities.CreateInstance<ResetQuotas>(app.Services).Run(new TimerInfo(), CancellationToken.None);

    private Task<TableClient> AccountsAsync() => app.Get<Tables>().GetAsync(TableNames.Accounts);

    private async Task<List<TableEntity>> ClaimsAsync() => await (await AccountsAsync()).QueryAsync<TableEntity>("RowKey ge 'idem|' and RowKey lt 'idem}'").ToListAsync();

    private async Task<List<string>> HoursAsync()
    {
        var active = await app.Get<Tables>().GetAsync(TableNames.Active);
        return await active.QueryAsync<TableEntity>("PartitionKey lt 'a'").Select(row => row.PartitionKey).ToListAsync();
    }
}
