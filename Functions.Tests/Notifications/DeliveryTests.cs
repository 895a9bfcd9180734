using System.Text.Json.Nodes;
using ServerlessAi.Accounts;
using ServerlessAi.Notifications;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Notifications;

/// <summary>From the intent to the receiver: at least once whatever happens, and once when nothing does.</summary>
public sealed class DeliveryTests : IAsyncLifetime
{
    private NotifyWorld world = null!;

    public async Task InitializeAsync() => world = await NotifyWorld.StartAsync();

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task An_alert_is_told_once_and_says_what_it_is_about()
    {
        await world.HookAsync("ann");
        var alert = await world.TellAsync("ann");

        await world.RunAsync();
        await world.RunForAsync(TimeSpan.FromMinutes(5));

        var body = Assert.Single(world.Receiver.Requests).Json;
        Assert.Equal(("limit", "ann", alert.Id), ((string?)body["type"], (string?)body["accountId"], (string?)body["data"]!["id"]));
        Assert.Equal((80m, 100m, "calls"), ((decimal)body["data"]!["current_usage"]!, (decimal)body["data"]!["limit"]!, (string?)body["data"]!["unit"]));
        Assert.Equal((string?)body["id"], world.Receiver.Ids.Single());
        Assert.Empty(await world.OutboxAsync());
    }

    [Fact]
    public async Task What_never_became_true_is_not_told_and_forgotten_after_an_hour()
    {
        await world.HookAsync("ann");
        await world.App.Get<Outbox>().EnlistAsync("ann", [NotifyWorld.Alert(world.App)], world.App.Clock.GetUtcNow());

        await world.RunForAsync(TimeSpan.FromMinutes(59));
        Assert.Single(await world.OutboxAsync());
        await world.RunForAsync(TimeSpan.FromMinutes(2));

        Assert.Empty(world.Receiver.Requests);
        Assert.Empty(await world.OutboxAsync());
    }

    [Fact]
    public async Task A_row_that_comes_late_is_told_all_the_same()
    {
        await world.HookAsync("ann");
        var alert = NotifyWorld.Alert(world.App);
        await world.App.Get<Outbox>().EnlistAsync("ann", [alert], world.App.Clock.GetUtcNow());
        await world.RunForAsync(TimeSpan.FromMinutes(30));

        await NotifyWorld.RaiseAsync(world.App, "ann", alert);
        await world.RunForAsync(TimeSpan.FromMinutes(2));

        Assert.Single(world.Receiver.Requests);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(90)]
    public async Task Enlisting_again_tells_nobody_twice(int secondsLater)
    {
        await world.HookAsync("ann");
        var alert = await world.TellAsync("ann");
        await world.RunAsync();

        world.App.Clock.Advance(TimeSpan.FromSeconds(secondsLater));
        await world.App.Get<Outbox>().EnlistAsync("ann", [alert], world.App.Clock.GetUtcNow());
        await world.RunForAsync(TimeSpan.FromMinutes(3));

        Assert.Single(world.Receiver.Requests);
        Assert.Empty(await world.OutboxAsync());
    }

    [Fact]
    public async Task What_waits_when_the_app_ends_is_told_by_the_next_one()
    {
        await using (var first = await world.AnotherAsync())
        {
            await world.HookAsync("ann");
            await first.Get<Outbox>().EnlistAsync("ann", [NotifyWorld.Alert(first)], first.Clock.GetUtcNow());
            await NotifyWorld.RaiseAsync(first, "ann", NotifyWorld.Alert(first));
        }

        await using var second = await world.AnotherAsync();
        await world.RunAsync(second);
        await world.RunAsync(second);

        Assert.Single(world.Receiver.Requests);
    }

    [Fact]
    public async Task Timers_that_fire_twice_and_on_two_instances_tell_once()
    {
        await using var other = await world.AnotherAsync();
        await world.HookAsync("ann");
        for (var level = 1; level <= 20; level++)
        {
            await world.TellAsync("ann", level);
        }

        await Task.WhenAll(world.RunAsync(), world.RunAsync(other), world.RunAsync(), world.RunAsync(other));
        await world.RunForAsync(TimeSpan.FromMinutes(5));

        Assert.Equal(20, world.Receiver.Requests.Count);
        Assert.Equal(20, world.Receiver.Ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Whoever_fails_is_tried_again_later_and_later_under_the_same_id_and_then_given_up()
    {
        await world.HookAsync("ann");
        world.Receiver.Script(Behaviour.Answer(500, "no"));
        await world.TellAsync("ann");

        await world.RunAsync();
        var times = new List<TimeSpan>();
        for (var minute = 1; world.Receiver.Requests.Count <= Deliverer.Backoff.Length && minute < 60 * 24 * 3; minute++)
        {
            var before = world.Receiver.Requests.Count;
            await world.RunForAsync(TimeSpan.FromMinutes(1));
            times.AddRange(Enumerable.Repeat(TimeSpan.FromMinutes(minute), world.Receiver.Requests.Count - before));
        }

        var waits = times.Zip(times.Prepend(TimeSpan.Zero), (later, earlier) => later - earlier).ToList();
        Assert.All(waits.Zip(Deliverer.Backoff), wait => Assert.InRange(wait.First, wait.Second * 0.9, wait.Second * 1.1 + TimeSpan.FromMinutes(1)));
        Assert.Single(world.Receiver.Ids.Distinct(StringComparer.Ordinal));
        await world.RunForAsync(TimeSpan.FromDays(2), TimeSpan.FromHours(6));
        Assert.Equal(Deliverer.Backoff.Length + 1, world.Receiver.Requests.Count);
    }

    [Fact]
    public async Task What_was_given_up_is_listed_tried_again_when_an_admin_says_so_and_gone_after_two_weeks()
    {
        await world.HookAsync("ann");
        await world.HookAsync("bob");
        world.Receiver.Script(Behaviour.Answer(503, "no"));
        await world.TellAsync("ann");
        await world.TellAsync("bob");
        Assert.Equal(2, (await ListAsync("pending")).Count);
        await world.RunAsync();
        await world.RunForAsync(TimeSpan.FromDays(3), TimeSpan.FromMinutes(20));

        var dead = await ListAsync("dead");
        Assert.Equal(["http_503", "http_503"], dead.Select(item => (string?)item!["error"]));
        Assert.Equal([8, 8], dead.Select(item => (int)item!["attempts"]!));
        world.Receiver.Script(Behaviour.Success);
        var ofAnn = dead.Single(item => (string?)item!["userId"] == "ann")!;
        var before = world.Receiver.Requests.Count;
        var retried = await world.App.PostAsync($"manage/notifications/{(string?)ofAnn["id"]}/retry", new { }, world.App.Admin);
        await world.RunAsync();

        Assert.Equal((200, before + 1), (retried.Status, world.Receiver.Requests.Count));
        Assert.Equal("bob", (string?)Assert.Single(await ListAsync("dead"))!["userId"]);
        Assert.Equal(404, (await world.App.PostAsync($"manage/notifications/{(string?)ofAnn["id"]}/retry", new { }, world.App.Admin)).Status);
        await world.RunForAsync(TimeSpan.FromDays(14), TimeSpan.FromHours(12));
        Assert.Empty(await ListAsync("dead"));
        Assert.Empty(await world.OutboxAsync());
    }

    [Fact]
    public async Task Neither_a_broken_row_nor_a_receiver_that_hangs_keeps_others_waiting()
    {
        await using var slow = await WebhookReceiver.StartAsync();
        slow.Script(Behaviour.Hang);
        await world.HookAsync("ann", slow.Url);
        await world.HookAsync("bob");
        var client = await world.App.Get<Tables>().GetAsync(TableNames.Outbox);
        await client.AddEntityAsync(new Azure.Data.Tables.TableEntity("204001010000", "nonsense") { ["DueAt"] = world.App.Clock.GetUtcNow().AddDays(-30) });
        await client.AddEntityAsync(OutboxRows.ToEntity("204001010000", new OutboxItem("a1", "bob", "limit", world.App.Clock.GetUtcNow(), 0, "webhook", "no JSON") { CreatedAt = world.App.Clock.GetUtcNow() }));
        for (var level = 1; level <= 12; level++)
        {
            await world.TellAsync("ann", level);
        }

        await world.TellAsync("bob");
        world.App.Clock.Advance(TimeSpan.FromMinutes(1));
        var run = world.RunAsync();
        await Wait.UntilAsync(() => world.Receiver.Requests.Count == 1, "bob is told while ann's receiver hangs");

        await slow.DisposeAsync();
        await run;
        Assert.Single(slow.Requests);
    }

    [Fact]
    public async Task What_waits_behind_others_for_a_receiver_that_is_away_ends_too_and_newer_ones_are_found_behind_it()
    {
        await world.HookAsync("ann", "http://127.0.0.1:1/away");
        for (var level = 1; level <= 250; level++)
        {
            await world.TellAsync("ann", level);
        }

        await world.HookAsync("bob");
        world.App.Clock.Advance(TimeSpan.FromMinutes(1));
        await world.TellAsync("bob");
        await world.RunAsync();
        Assert.Single(world.Receiver.Requests);
        Assert.Equal(1, (await world.OutboxAsync()).Count(row => row.GetInt32("Attempts") > 0));

        world.App.Clock.Advance(Deliverer.WaitLimit);
        await world.RunForAsync(TimeSpan.FromMinutes(5));

        Assert.All((await world.OutboxAsync()).Where(row => row.GetInt32("Attempts") == 1 && row.GetString("Error") == "waited_too_long"), row => Assert.StartsWith("dead|", row.PartitionKey, StringComparison.Ordinal));
        Assert.InRange((await world.OutboxAsync()).Count(row => row.PartitionKey.StartsWith("dead|", StringComparison.Ordinal)), 240, 250);
    }

    [Fact]
    public async Task A_receiver_that_is_gone_gets_nothing_more_until_it_is_set_anew()
    {
        await world.HookAsync("ann");
        world.Receiver.Script(Behaviour.Answer(410, "gone"));
        await world.TellAsync("ann");
        await world.RunAsync();
        await world.TellAsync("ann", 90);
        await world.RunForAsync(TimeSpan.FromDays(1), TimeSpan.FromMinutes(30));

        Assert.Single(world.Receiver.Requests);
        Assert.False((await world.App.GetAsync("notifications/preferences?userId=ann")).Flag("webhookActive"));
        world.Receiver.Script(Behaviour.Success);
        Assert.NotNull(await world.HookAsync("ann"));
        await world.TellAsync("ann", 100);
        await world.RunAsync();
        Assert.Equal(2, world.Receiver.Requests.Count);
    }

    [Fact]
    public async Task Kinds_go_where_their_owner_wants_them_and_nowhere_else()
    {
        await world.App.SendAsync(
            HttpMethod.Put, "notifications/preferences?userId=ann", new { webhookUrl = world.Receiver.Url, kinds = new { limit = Array.Empty<string>(), low_balance = new[] { "webhook" } } });
        await world.TellAsync("ann");
        var low = new AlertRecord(AlertKind.LowBalance, "204005", "balance", 1, world.App.Clock.GetUtcNow()) { Unit = "credits", Used = 4, Limit = 5 };
        await world.App.Get<Outbox>().EnlistAsync("ann", [low], world.App.Clock.GetUtcNow());
        await NotifyWorld.RaiseAsync(world.App, "ann", low);

        await world.RunAsync();

        Assert.Equal("low_balance", (string?)Assert.Single(world.Receiver.Requests).Json["type"]);
        Assert.Empty(await world.OutboxAsync());
    }

    private async Task<List<JsonNode?>> ListAsync(string state)
    {
        var items = new List<JsonNode?>();
        for (string? next = ""; next is not null;)
        {
            var reply = await world.App.GetAsync($"manage/notifications?state={state}&limit=1{(next.Length > 0 ? "&next=" + next : "")}", world.App.Admin);
            Assert.Equal(200, reply.Status);
            items.AddRange(JsonNode.Parse(reply.Body.GetProperty("notifications").GetRawText())!.AsArray());
            next = reply.Text("next");
        }

        return items;
    }
}
