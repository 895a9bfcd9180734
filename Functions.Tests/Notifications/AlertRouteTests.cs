using System.Text.Json;
using ServerlessAi.Accounts;

namespace ServerlessAi.Tests.Notifications;

/// <summary>The alerts of an account, over HTTP.</summary>
public sealed class AlertRouteTests : IAsyncLifetime
{
    private NotifyWorld world = null!;

    private TestApp App => world.App;

    public async Task InitializeAsync() => world = await NotifyWorld.StartAsync();

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task Alerts_come_newest_first_with_all_that_is_known_of_them()
    {
        await NotifyWorld.RaiseAsync(App, "ann", NotifyWorld.Alert(App));
        App.Clock.Advance(TimeSpan.FromHours(1));
        await NotifyWorld.RaiseAsync(App, "ann", new AlertRecord(AlertKind.UnusualSpending, "20400516", "spending", 1, App.Clock.GetUtcNow()) { Used = 30.5m, Limit = 2, Unit = "credits" });

        var reply = await App.GetAsync("subscription/alerts/ann?userId=ann");

        Assert.True(reply.Flag("success"));
        var data = reply.Body.GetProperty("data");
        Assert.Equal(["20400516-spending-1", "204005-free.calls.gemini-80"], Ids(data));
        Assert.Equal(2, data.GetProperty("unread").GetInt32());
        var alert = data.GetProperty("alerts")[1];
        Assert.Equal(
            ("limit", "2040-05", "calls.gemini", 80, 80, 100, "calls", "free"),
            (Text(alert, "type"), Text(alert, "period"), Text(alert, "subject"), alert.GetProperty("threshold").GetInt32(), alert.GetProperty("current_usage").GetInt32(), alert.GetProperty("limit").GetInt32(), Text(alert, "unit"), Text(alert, "plan")));
        Assert.Equal(TestClock.Start, alert.GetProperty("created_at").GetDateTimeOffset());
        Assert.False(alert.GetProperty("read").GetBoolean());
        Assert.Equal("80 of 100 Gemini calls in 2040-05 are used (plan free): 80 % or more.", Text(alert, "message"));
        Assert.Equal(("2040-05-16", "30.5 credits were spent on 2040-05-16; usual are 2."), (Text(data.GetProperty("alerts")[0], "period"), Text(data.GetProperty("alerts")[0], "message")));
    }

    [Fact]
    public async Task Reading_an_alert_is_remembered_once_and_what_is_unread_can_be_asked_for()
    {
        await NotifyWorld.RaiseAsync(App, "ann", NotifyWorld.Alert(App));
        await NotifyWorld.RaiseAsync(App, "ann", NotifyWorld.Alert(App, 90));

        var first = await App.PostAsync("subscription/alerts/204005-free.calls.gemini-80/mark-read?userId=ann", new { });
        App.Clock.Advance(TimeSpan.FromHours(1));
        var again = await App.PostAsync("subscription/alerts/204005-free.calls.gemini-80/mark-read?userId=ann", new { });
        var unread = (await App.GetAsync("subscription/alerts/ann?userId=ann&unread=true")).Body.GetProperty("data");

        Assert.Equal((200, 200, first.Body.ToString()), (first.Status, again.Status, again.Body.ToString()));
        Assert.Equal(TestClock.Start, first.Body.GetProperty("data").GetProperty("read_at").GetDateTimeOffset());
        Assert.Equal(["204005-free.calls.gemini-90"], Ids(unread));
        Assert.Equal(1, unread.GetProperty("unread").GetInt32());
    }

    [Fact]
    public async Task Telling_of_an_alert_and_reading_it_do_not_undo_each_other()
    {
        await world.HookAsync("ann");
        await world.TellAsync("ann");
        await Task.WhenAll(world.RunAsync(), App.PostAsync("subscription/alerts/204005-free.calls.gemini-80/mark-read?userId=ann", new { }));
        await world.RunForAsync(TimeSpan.FromMinutes(5));

        Assert.Single(world.Receiver.Requests);
        Assert.Equal(0, (await App.GetAsync("subscription/alerts/ann?userId=ann")).Body.GetProperty("data").GetProperty("unread").GetInt32());
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gaps_and_end_after_a_year()
    {
        for (var month = 0; month < 14; month++)
        {
            await NotifyWorld.RaiseAsync(App, "ann", NotifyWorld.Alert(App) with { Period = Periods.MonthOf(App.Clock.GetUtcNow()), At = App.Clock.GetUtcNow() });
            App.Clock.Advance(TimeSpan.FromDays(month == 13 ? 0 : 30.5));
        }

        var (ids, next) = (new List<string>(), "");
        do
        {
            var data = (await App.GetAsync($"subscription/alerts/ann?userId=ann&limit=5&next={next}")).Body.GetProperty("data");
            ids.AddRange(Ids(data));
            next = data.TryGetProperty("next", out var more) ? more.GetString()! : "";
        }
        while (next.Length > 0);

        Assert.Equal(AlertBook.MonthsListed, ids.Count);
        Assert.Equal(ids.OrderDescending(StringComparer.Ordinal), ids);
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData("204005-free.calls.gemini-90")]
    [InlineData("204005-free.calls.gemini")]
    [InlineData("account")]
    [InlineData("204005-free.calls.gemini-80-")]
    [InlineData("-calls.gemini-80")]
    [InlineData("204005--80")]
    [InlineData("204005-free.calls.gemini-080")]
    [InlineData("204005-calls%7Cgemini-80")]
    [InlineData("204005-free.calls.gemini-99999999999999999999")]
    public async Task What_is_no_alert_of_the_caller_is_not_found(string id)
    {
        await NotifyWorld.RaiseAsync(App, "ann", NotifyWorld.Alert(App));

        Assert.Equal(404, (await App.PostAsync($"subscription/alerts/{id}/mark-read?userId=ann", new { })).Status);
        Assert.Equal(404, (await App.PostAsync("subscription/alerts/204005-free.calls.gemini-80/mark-read?userId=bob", new { })).Status);
    }

    [Fact]
    public async Task Alerts_of_another_are_forbidden_however_the_id_is_spelled_and_an_admin_sees_them()
    {
        await NotifyWorld.RaiseAsync(App, "ann", NotifyWorld.Alert(App));
        var key = (await App.PostAsync("manage/keys", new { userId = "bob" }, App.Admin)).Text("key")!;
        using var bob = new HttpClient { BaseAddress = App.Http.BaseAddress };
        bob.DefaultRequestHeaders.Authorization = new("Bearer", key);

        foreach (var spelling in new[] { "ann", "ANN", "%61nn", "ann%20", "BOB", "bob%2F..%2Fann", "bob%00", "%62ob%2F" })
        {
            Assert.True((await App.GetAsync($"subscription/alerts/{spelling}", bob)).Status is 403 or 400, spelling);
        }

        // The same id, encoded, is the same user.
        Assert.Equal(200, (await App.GetAsync("subscription/alerts/%62ob", bob)).Status);
        Assert.Equal(["204005-free.calls.gemini-80"], Ids((await App.GetAsync("subscription/alerts/ann", App.Admin)).Body.GetProperty("data")));
        Assert.Empty(Ids((await App.GetAsync("subscription/alerts/ANN", App.Admin)).Body.GetProperty("data")));
    }

    private static IEnumerable<string> Ids(JsonElement data) => data.GetProperty("alerts").EnumerateArray().Select(alert => Text(alert, "id"));

    private static string Text(JsonElement alert, string name) => alert.GetProperty(name).GetString()!;
}
