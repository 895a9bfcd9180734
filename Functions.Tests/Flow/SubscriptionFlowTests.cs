using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Flow;

public sealed class SubscriptionFlowTests
{
    [Fact]
    public async Task An_admin_sets_a_subscription_with_the_three_fields_of_the_contract()
    {
        await using var app = await TestApp.StartAsync();
        var until = app.Clock.GetUtcNow().AddDays(10);

        var set = await app.SendAsync(HttpMethod.Put, "manage/users/ann/subscription", new { user_id = "ann", is_active = true, expiry_date = until }, app.Admin);

        Assert.Equal((200, "starter", "active"), (set.Status, set.Text("plan"), set.Text("status")));
        Assert.Equal(until, set.Body.GetProperty("expiry_date").GetDateTimeOffset());
        Assert.Equal(110, (await app.GetAsync("credits?userId=ann")).Number("credits"));

        app.Clock.Advance(TimeSpan.FromDays(10));
        var data = (await app.GetAsync("subscription/user/ann/subscription")).Body.GetProperty("data");
        Assert.Equal("expired", data.GetProperty("subscription").GetProperty("status").GetString());
        Assert.Equal("free", data.GetProperty("plan").GetProperty("id").GetString());
        Assert.Equal(10, (await app.GetAsync("credits?userId=ann")).Number("credits"));
    }

    [Fact]
    public async Task Who_is_said_to_have_no_plan_gets_none_by_a_write_that_is_late()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var disposed = app;
        await app.GiveAsync("ann", 1);
        var (arrival, isOnItsWay) = (new TaskCompletionSource(), false);
        storage.Faults = request =>
        {
            if (!isOnItsWay && request is { IsTransaction: true, Partition: "ann" })
            {
                isOnItsWay = true;
                return Fault.LateApplied(arrival.Task);
            }

            return isOnItsWay ? Fault.Busy503 : Fault.None;
        };
        var set = await app.SendAsync(HttpMethod.Put, "manage/users/ann/subscription", new { is_active = true, plan = "basic" }, app.Admin);
        storage.Faults = _ => Fault.None;

        var ended = await app.SendAsync(HttpMethod.Put, "manage/users/ann/subscription", new { is_active = false }, app.Admin);
        arrival.SetResult();
        await storage.LateArrivalsAsync();

        Assert.Equal((503, 200, "free"), (set.Status, ended.Status, ended.Text("plan")));
        var data = (await app.GetAsync("subscription/user/ann/subscription")).Body.GetProperty("data");
        Assert.Equal("free", data.GetProperty("plan").GetProperty("id").GetString());
    }

    [Fact]
    public async Task Setting_it_off_and_on_grants_nothing_twice_and_the_books_stay_whole()
    {
        await using var app = await TestApp.StartAsync();
        await app.SubscribeAsync("ann", "premium");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("expired", (await app.SendAsync(HttpMethod.Put, "manage/users/ann/subscription", new { is_active = false }, app.Admin)).Text("status"));
            await app.SubscribeAsync("ann", "premium");
        }

        Assert.Equal(510, (await app.GetAsync("credits?userId=ann")).Number("credits"));
        app.Clock.Advance(TimeSpan.FromDays(32));
        await app.CompleteAsync("ann", "a new month");
        Assert.True((await app.GetAsync("manage/audit", app.Admin)).Flag("conserved"));
        Assert.Equal(2, (await app.GetAsync("credits/history?userId=ann")).Body.GetProperty("entries").EnumerateArray().Count(entry => entry.GetProperty("amount").GetDecimal() == 500));
    }

    [Fact]
    public async Task Users_are_listed_with_their_subscriptions_page_by_page()
    {
        await using var app = await TestApp.StartAsync();
        await app.SubscribeAsync("ann", "pro");
        await app.CompleteAsync("bob", "hello");
        await app.CompleteAsync("o'neil/ü", "something else: what is cached opens no account");

        var first = await app.GetAsync("manage/users?limit=2", app.Admin);
        var second = await app.GetAsync($"manage/users?limit=2&after={Uri.EscapeDataString(first.Text("next")!)}", app.Admin);

        var users = first.Body.GetProperty("users").EnumerateArray().Concat(second.Body.GetProperty("users").EnumerateArray()).ToList();
        Assert.Equal(["ann", "bob", "o'neil/ü"], users.Select(user => user.GetProperty("user_id").GetString()).Order(StringComparer.Ordinal));
        Assert.Equal(["active", "none", "none"], users.OrderBy(user => user.GetProperty("user_id").GetString(), StringComparer.Ordinal).Select(user => user.GetProperty("subscription").GetProperty("status").GetString()));
        Assert.Null(second.Text("next"));
    }

    [Theory]
    [InlineData("{\"is_active\":true,\"plan\":\"none such\"}")]
    [InlineData("{\"is_active\":true,\"user_id\":\"bob\"}")]
    [InlineData("{\"plan\":\"pro\"}")]
    [InlineData("{\"is_active\":true,\"plan\":\"pro\",\"expiry_date\":\"2020-01-01T00:00:00Z\"}")]
    [InlineData("{\"is_active\":true,\"isActive\":true}")]
    public async Task A_subscription_that_makes_no_sense_is_400_and_changes_nothing(string body)
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.SendAsync(
            HttpMethod.Put, "manage/users/ann/subscription", body: null, app.Admin, request => request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal((400, "invalid_request"), (reply.Status, reply.Code));
        Assert.Equal("none", (await app.GetAsync("manage/users/ann/subscription", app.Admin)).Text("status"));
    }

    [Fact]
    public async Task A_subscription_is_shown_to_its_user_and_to_nobody_else()
    {
        await using var app = await TestApp.StartAsync();
        await app.SubscribeAsync("ann", "pro");

        var own = await app.GetAsync("subscription/user/ann/subscription");
        var other = await app.SendAsync(HttpMethod.Get, "subscription/user/ann/subscription", change: request => request.Headers.Add("x-api-key", "sai_none_none"));

        Assert.Equal("pro", own.Body.GetProperty("data").GetProperty("subscription").GetProperty("plan").GetString());
        Assert.Equal(401, other.Status);
    }
}
