using Azure.Core;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Notifications;
using ServerlessAi.Privacy;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Flow;

public sealed class ForgottenNewsTests
{
    [Fact]
    public async Task Nothing_is_told_any_more_to_or_about_who_was_deleted_and_their_gifts_arrive_without_a_name()
    {
        await using var app = await TestApp.StartAsync();
        await app.GiveAsync("ann", 50, "purchase");
        await app.GiveAsync("bob", 1);
        await WaitAsync(app, "ann", isDead: false);
        await WaitAsync(app, "ann", isDead: true);
        await WaitAsync(app, "bob", isDead: true);
        Assert.Equal(200, (await app.PostAsync("credits/gift", new { userId = "ann", toUserId = "bob", amount = 5 })).Status);
        Assert.Equal(3, (await RowsAsync(app)).Count(row => Text(row).Contains("ann", StringComparison.Ordinal)));

        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);

        var rows = await RowsAsync(app);
        Assert.DoesNotContain(rows, row => Text(row).Contains("ann", StringComparison.Ordinal));
        Assert.Equal(["dead letter", "gift"], rows.Select(row => row.GetString("Kind")).Order());
        Assert.Contains("\"credits\":5", rows.Single(row => row.GetString("Kind") == "gift").GetString("Body"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_moves_between_being_found_and_being_deleted_is_deleted_where_it_is_then(bool isGivenUp)
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        await app.GiveAsync("ann", 1);
        var (queue, moved) = (app.Get<OutboxQueue>(), false);
        var stored = await SendAsync(app, "ann", "letter", "{}");
        transport.Meanwhile = async request =>
        {
            if (IsOfOutbox(request, RequestMethod.Delete) && !moved)
            {
                moved = true;
                await (isGivenUp ? queue.BuryAsync(Later(stored), default) : queue.PostponeAsync(Later(stored), default));
            }
        };

        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);

        Assert.True(moved);
        Assert.Empty(await RowsAsync(app));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_on_its_way_when_somebody_is_deleted_is_waited_for_unless_whoever_moves_it_has_died(bool arrives)
    {
        // Storage has a clock of its own.
        var clock = new TestClock();
        var transport = new FaultyTransport(new SimulatedStorage(clock));
        await using var app = await TestApp.StartAsync(transport: transport, connectionString: SimulatedStorage.ConnectionString);
        await app.GiveAsync("ann", 1);
        Advance(ErasedRows.Settling);
        var items = new[] { await SendAsync(app, "ann", "letter", "{}"), await SendAsync(app, "bob", GiftNews.Kind, StoredJson.Write(new GiftNews("1", "ann", 5))) };
        var (arrival, begun) = (new TaskCompletionSource(), 0);
        transport.Meanwhile = request => IsOfOutbox(request, RequestMethod.Post) ? WaitAsync() : Task.CompletedTask;
        var moves = items.Select(item => app.Get<OutboxQueue>().PostponeAsync(Later(item), default)).ToList();
        await Wait.UntilAsync(() => Volatile.Read(ref begun) == items.Length, "both are on their way");

        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);
        if (arrives)
        {
            arrival.SetResult();
            await Task.WhenAll(moves);
        }
        else
        {
            Advance(OutboxErasure.Moving + TimeSpan.FromSeconds(1));
        }

        await app.Get<Erasures>().FinishAllAsync(CancellationToken.None);

        Assert.Null(await app.Get<AccountStore>().ReadStoredAsync("ann"));
        var left = Assert.Single(await RowsAsync(app));
        Assert.Equal(("bob", "{\"giftId\":\"1\",\"credits\":5}"), (left.GetString("Account"), left.GetString("Body")));
        arrival.TrySetResult();
        await Task.WhenAll(moves);

        Task WaitAsync()
        {
            Interlocked.Increment(ref begun);
            return arrival.Task;
        }

        void Advance(TimeSpan by)
        {
            app.Clock.Advance(by);
            clock.Advance(by);
        }
    }

    [Fact]
    public async Task A_gift_that_nobody_can_read_keeps_nobody_from_being_forgotten()
    {
        await using var app = await TestApp.StartAsync();
        await app.GiveAsync("ann", 1);
        app.Clock.Advance(ErasedRows.Settling);
        await SendAsync(app, "bob", GiftNews.Kind, "{ broken");
        var client = await app.Get<Tables>().GetAsync(TableNames.Outbox);
        await client.AddEntityAsync(new TableEntity("204001010000", "odd") { ["Account"] = 1, ["Kind"] = GiftNews.Kind, ["Body"] = 1 });
        await SendAsync(app, "ann", "letter", "{}");

        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);

        Assert.Null(await app.Get<AccountStore>().ReadStoredAsync("ann"));
        Assert.DoesNotContain(await RowsAsync(app), row => Text(row).Contains("ann", StringComparison.Ordinal));
    }

    private static bool IsOfOutbox(Request request, RequestMethod method) => request.Method == method && request.Uri.Path.Contains(TableNames.Outbox, StringComparison.OrdinalIgnoreCase);

    private static StoredItem Later(StoredItem stored) => stored with { Item = stored.Item with { DueAt = stored.Item.DueAt.AddHours(1) } };

    private static async Task<StoredItem> SendAsync(TestApp app, string user, string kind, string body)
    {
        var (now, id) = (app.Clock.GetUtcNow(), $"{user} {kind}");
        await app.Get<Outbox>().SendAsync(user, kind, NotificationChannels.Operator, id, body, now, default);
        return await app.Get<OutboxQueue>().DueAsync(now, default).FirstAsync(stored => stored.Item.Id == id);
    }

    private static async Task WaitAsync(TestApp app, string user, bool isDead)
    {
        var (now, queue) = (app.Clock.GetUtcNow(), app.Get<OutboxQueue>());
        await app.Get<Outbox>().SendAsync(user, isDead ? "dead letter" : "letter", NotificationChannels.Operator, $"{user} {isDead}", "{}", now, default);
        if (isDead)
        {
            await queue.BuryAsync(await queue.DueAsync(now, default).FirstAsync(stored => stored.Item.Id == $"{user} {isDead}"), default);
        }
    }

    private static async Task<List<TableEntity>> RowsAsync(TestApp app)
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Outbox);
        return await client.QueryAsync<TableEntity>().ToListAsync();
    }

    private static string Text(TableEntity row) => string.Join(' ', row.Keys.Select(key => row[key]));
}
