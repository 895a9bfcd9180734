using System.Text.Json;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Notifications;
using ServerlessAi.Payments;
using ServerlessAi.Privacy;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Flow;

public sealed class PrivacyFlowTests
{
    // Invoices, which have to be kept under the name they were made out to, in the buyer's own partition; and hour marks of who was active, which go when the
    // month after is over.
    private static bool IsExempt(string table, TableEntity row) => table switch
    {
        TableNames.Orders => row.PartitionKey == "ann" && (row.RowKey.StartsWith("order|", StringComparison.Ordinal) || row.RowKey.StartsWith("recent|", StringComparison.Ordinal)),
        TableNames.Active => true,
        _ => false,
    };

    [Fact]
    public async Task Whoever_is_forgotten_leaves_the_numbers_and_nothing_that_leads_to_them()
    {
        await using var app = await TestApp.StartAsync(FullLife.Settings);
        await FullLife.LiveAsync(app);
        app.Clock.Advance(ErasedRows.Settling + TimeSpan.FromSeconds(1));
        // What was to be told is told, or cannot be.
        await app.Get<Deliverer>().DeliverAsync(CancellationToken.None);
        var before = (await app.GetAsync("manage/audit", app.Admin)).Body;
        Assert.Contains(await RowsAsync(app).ToListAsync(), found => found.Table == TableNames.Transfers);

        var reply = await app.SendAsync(HttpMethod.Delete, "account?userId=ann");

        Assert.Equal((200, true), (reply.Status, reply.Flag("closed")));
        app.Clock.Advance(Erasures.Quiet);
        await app.Get<Erasures>().FinishAllAsync(CancellationToken.None);
        var after = await app.GetAsync("manage/audit", app.Admin);
        Assert.True(after.Flag("conserved"), after.Body.ToString());
        foreach (var kept in new[] { "accounts", "granted", "purchased", "charged", "costUsd", "giftedIn" })
        {
            Assert.Equal(before.GetProperty(kept).ToString(), after.Text(kept));
        }

        Assert.Equal(before.GetProperty("spend").ToString(), after.Text("spend"));
        // Her order is looked at a last time, and what waits to be told finds nobody: the words that they are to be go with it.
        app.Clock.Advance(TimeSpan.FromDays(2));
        await app.Get<OrderTimer>().RunAsync(CancellationToken.None);
        await app.Get<Deliverer>().DeliverAsync(CancellationToken.None);
        var traces = await RowsAsync(app).Where(found => !IsExempt(found.Table, found.Row)).Select(found => $"{found.Table}: {Text(found.Row)}").ToListAsync();
        foreach (var trace in new[] { "ann", "customer-7" })
        {
            var found = string.Join('\n', traces.Where(row => row.Contains(trace, StringComparison.Ordinal)));
            Assert.True(found.Length == 0, found);
        }
    }

    [Fact]
    public async Task Coming_back_brings_no_second_welcome()
    {
        await using var app = await TestApp.StartAsync();
        await LiveAsync(app);
        await app.SendAsync(HttpMethod.Delete, "account?userId=ann");

        Assert.Equal(0, (await app.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Equal((402, "insufficient_credits"), (await app.CompleteAsync("ann", "hello again")) is var back ? (back.Status, back.Code) : default);
        await app.GiveAsync("ann", 5);
        Assert.Equal(200, (await app.CompleteAsync("ann", "hello again")).Status);
        Assert.Equal(5, (await app.GetAsync("credits?userId=ann")).Number("paidCredits") + 0.0021m, precision: 2);
    }

    [Fact]
    public async Task Keys_die_with_the_account_and_a_team_goes_on()
    {
        await using var app = await TestApp.StartAsync();
        var key = (await app.PostAsync("manage/keys", new { userId = "ann" }, app.Admin)).Text("key")!;
        await app.PostAsync("teams", new { userId = "owner", name = "Foxes" });
        var code = (await app.PostAsync("teams/invites", new { userId = "owner" })).Text("code");
        await app.PostAsync("teams/join", new { userId = "ann", code });

        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account", change: request => request.Headers.Add("x-api-key", key))).Status);

        Assert.Equal(401, (await app.SendAsync(HttpMethod.Get, "credits", change: request => request.Headers.Add("x-api-key", key))).Status);
        Assert.Equal(["owner"], (await app.GetAsync("teams?userId=owner")).Body.GetProperty("members").EnumerateArray().Select(member => member.GetProperty("userId").GetString()));
    }

    [Fact]
    public async Task Whoever_is_told_to_ask_again_is_not_deleted_before_they_do()
    {
        await using var app = await TestApp.StartAsync();
        await LiveAsync(app);
        await app.PostAsync("teams", new { userId = "ann", name = "Foxes" });
        var running = new Reserve(
            "running", WorkKind.Image, [ServerlessAi.Tests.Accounts.World.ImageOffer("premium", 1, freeQuota: false, costUsd: 0.01m, isStandard: true)], app.Get<PlanStore>().LastBook, TimeSpan.FromMinutes(5), PlatformOverBudget: false);
        Assert.IsType<Admitted>(await app.Get<AccountStore>().ExecuteAsync("ann", running));

        Assert.Equal((409, "conflict"), (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")) is var reply ? (reply.Status, reply.Code) : default);
        await app.Get<AccountStore>().ExecuteAsync("ann", new Release("running", "provider_failed"));
        await app.Get<Erasures>().FinishAllAsync(CancellationToken.None);

        Assert.Equal(200, (await app.GetAsync("teams?userId=ann")).Status);
        Assert.Null((await app.Get<AccountStore>().ReadStoredAsync("ann"))!.ClosedAt);
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);
        Assert.Null(await app.Get<AccountStore>().ReadStoredAsync("ann"));
    }

    [Fact]
    public async Task Storage_that_fails_at_any_moment_leaves_the_account_closed_or_open_and_the_timer_finishes()
    {
        for (var failAt = 1; failAt < 60; failAt += 4)
        {
            var (app, storage) = await TestApp.StartSimulatedAsync();
            await using var running = app;
            await LiveAsync(app);
            var granted = (await app.GetAsync("manage/audit", app.Admin)).Text("granted");
            var count = 0;
            storage.Faults = request => ++count >= failAt && count < failAt + 6 ? Fault.Busy503 : Fault.None;

            var reply = await app.SendAsync(HttpMethod.Delete, "account?userId=ann");

            storage.Faults = _ => Fault.None;
            Assert.True(reply.Status is 200 or 503, $"{failAt}: {reply.Status}");
            var isWished = reply.Status == 200 || await IsWishedAsync(app);
            await app.Get<Erasures>().FinishAllAsync(CancellationToken.None);
            app.Clock.Advance(Erasures.Quiet);
            await app.Get<Erasures>().FinishAllAsync(CancellationToken.None);
            var state = await app.Get<AccountStore>().ReadStoredAsync("ann");
            Assert.True(isWished ? state is null : state is { ClosedAt: null }, $"{failAt}: {reply.Status}, {state}");
            Assert.False(await IsWishedAsync(app), $"{failAt}: {reply.Status}");
            var audit = await app.GetAsync("manage/audit", app.Admin);
            Assert.True(audit.Flag("conserved"), $"{failAt}: {audit.Body}");
            Assert.Equal(granted, audit.Text("granted"));
            Assert.Equal("1", audit.Text("accounts"));
        }
    }

    [Fact]
    public async Task An_instance_that_remembers_an_account_which_another_has_erased_begins_anew()
    {
        await using var app = await TestApp.StartAsync();
        await using var other = await TestApp.StartAsync(sharing: app);
        await LiveAsync(app);
        Assert.Equal(200, (await other.CompleteAsync("ann", "something else")).Status);
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);

        var back = await other.CompleteAsync("ann", "hello again");

        Assert.Equal((402, "insufficient_credits"), (back.Status, back.Code));
    }

    [Fact]
    public async Task A_wish_that_has_outlived_its_account_does_not_touch_what_its_user_began_anew()
    {
        await using var app = await TestApp.StartAsync();
        await LiveAsync(app);
        var of = (await app.Get<AccountStore>().ReadStoredAsync("ann"))!.CreatedAt;
        await app.SendAsync(HttpMethod.Delete, "account?userId=ann");
        await app.GiveAsync("ann", 5);
        await app.Get<ErasureJobs>().FindOrAddAsync("ann", of, CancellationToken.None);

        await app.Get<Erasures>().FinishAllAsync(CancellationToken.None);

        Assert.Equal(5, (await app.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Null((await app.Get<AccountStore>().ReadStoredAsync("ann"))!.ClosedAt);
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);
        Assert.Equal("2", (await app.GetAsync("manage/audit", app.Admin)).Text("accounts"));
    }

    [Fact]
    public async Task Two_instances_that_carry_on_at_once_forget_an_account_once()
    {
        await using var app = await TestApp.StartAsync();
        await using var other = await TestApp.StartAsync(sharing: app);
        await LiveAsync(app);
        var charged = (await app.GetAsync("manage/audit", app.Admin)).Text("charged");
        var of = (await app.Get<AccountStore>().ReadStoredAsync("ann"))!.CreatedAt;
        await app.Get<ErasureJobs>().FindOrAddAsync("ann", of, CancellationToken.None);

        await Task.WhenAll(app.Get<Erasures>().FinishAllAsync(CancellationToken.None), other.Get<Erasures>().FinishAllAsync(CancellationToken.None));
        await app.Get<Erasures>().FinishAllAsync(CancellationToken.None);

        Assert.Null(await app.Get<AccountStore>().ReadStoredAsync("ann"));
        var audit = await app.GetAsync("manage/audit", app.Admin);
        Assert.Equal((true, "1", charged), (audit.Flag("conserved"), audit.Text("accounts"), audit.Text("charged")));
    }

    [Fact]
    public async Task A_write_that_opens_an_account_and_is_late_does_not_bring_back_who_was_forgotten()
    {
        await using var app = await TestApp.StartAsync();
        await app.GiveAsync("ann", 50);

        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);

        var client = await app.Get<ServerlessAi.Storage.Tables>().GetAsync(TableNames.Accounts);
        Assert.Equal([AccountRows.StateKey], await client.QueryAsync<TableEntity>(row => row.PartitionKey == "ann").Select(row => row.RowKey).ToListAsync());
        Assert.Equal((410, "account_closed"), (await app.CompleteAsync("ann", "hello again")) is var early ? (early.Status, early.Code) : default);
        app.Clock.Advance(ErasedRows.Settling);
        await app.Get<Erasures>().FinishAllAsync(CancellationToken.None);
        Assert.Equal((402, "insufficient_credits"), (await app.CompleteAsync("ann", "hello again")) is var back ? (back.Status, back.Code) : default);
    }

    private static async Task LiveAsync(TestApp app)
    {
        await app.GiveAsync("ann", 50);
        await app.SubscribeAsync("ann", "premium");
        await app.PostAsync("manage/keys", new { userId = "ann", name = "ann's laptop" }, app.Admin);
        await app.SendAsync(HttpMethod.Put, "notifications/preferences?userId=ann", new { webhookUrl = "https://ann.example.com/hook" });
        await app.ImageAsync("ann", "a fox");
        var reply = await app.SendAsync(
            HttpMethod.Post, "v1/chat/completions?userId=ann", new { model = "openai-gpt-4.1", user = "customer-7", metadata = new { chatId = "of ann" }, messages = new[] { new { role = "user", content = "hello" } } },
            change: request => request.Headers.Add("Idempotency-Key", "of ann"));
        Assert.Equal(200, reply.Status);
        // Not of a moment ago: the state of such an account stays for a while, closed.
        app.Clock.Advance(ErasedRows.Settling + TimeSpan.FromSeconds(1));
    }

    private static async Task<bool> IsWishedAsync(TestApp app) => await app.Get<ErasureJobs>().ReadAsync(CancellationToken.None).AnyAsync();

    private static string Text(TableEntity row) => JsonSerializer.Serialize(row.Where(property => property.Value is string).ToDictionary(property => property.Key, property => property.Value));

    private static async IAsyncEnumerable<(string Table, TableEntity Row)> RowsAsync(TestApp app)
    {
        var tables = app.Get<ServerlessAi.Storage.Tables>();
        foreach (var name in TableNames.All)
        {
            await foreach (var row in (await tables.GetAsync(name)).QueryAsync<TableEntity>())
            {
                yield return (name, row);
            }
        }
    }
}
