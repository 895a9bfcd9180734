using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Payments.Saved;
using ServerlessAi.Primitives;
using ServerlessAi.Privacy;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Payments;

namespace ServerlessAi.Tests.Flow;

/// <summary>Who comes back right after their deletion, while the timer still looks after the wish, is not deleted a second time.</summary>
public sealed class ComingBackTests
{
    // With an account of one's own, opened just now or a while ago; or without any, like who founded a team before they did anything else.
    public static TheoryData<bool, int> Lives => new() { { false, 0 }, { true, 0 }, { true, 20 } };

    [Theory]
    [MemberData(nameof(Lives))]
    public async Task Whoever_founds_their_team_again_stays_its_owner(bool hasAccount, int minutes)
    {
        await using var app = await TestApp.StartAsync();
        await LiveAsync(app, hasAccount, minutes);
        await ForgetAsync(app);

        Assert.Equal(200, (await app.PostAsync("teams", new { userId = "ann", name = "Owls" })).Status);
        await WatchAsync(app);

        Assert.Equal((200, 1), await app.GetAsync("teams?userId=ann") is var team ? (team.Status, team.Body.GetProperty("members").GetArrayLength()) : default);
        Assert.Empty(await JobsAsync(app));
    }

    [Theory]
    [MemberData(nameof(Lives))]
    public async Task Whoever_joins_another_team_is_not_sent_away(bool hasAccount, int minutes)
    {
        await using var app = await TestApp.StartAsync();
        await LiveAsync(app, hasAccount, minutes);
        await app.GiveAsync((await app.PostAsync("teams", new { userId = "bob", name = "Owls" })).Text("teamId")!, 70);
        await ForgetAsync(app);

        var code = (await app.PostAsync("teams/invites", new { userId = "bob" })).Text("code");
        Assert.Equal(200, (await app.PostAsync("teams/join", new { userId = "ann", code })).Status);
        await WatchAsync(app);

        Assert.Equal(70, (await app.GetAsync("credits?userId=ann")).Number("credits"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_bought_and_set_up_since_stays(bool hasAccount)
    {
        await using var shop = await Shop.OpenAsync();
        await LiveAsync(shop.App, hasAccount, minutes: 20);
        await ForgetAsync(shop.App);

        Assert.Equal(200, (await SetAsync(shop.App)).Status);
        Assert.Equal(201, (await shop.App.PostAsync("manage/keys", new { userId = "ann", name = "laptop" }, shop.App.Admin)).Status);
        var order = await shop.BuyAsync("ann");
        shop.App.Clock.Advance(TimeSpan.FromMinutes(6));
        await shop.App.Get<Erasures>().FinishAllAsync(default);
        await shop.SendAsync(shop.Completed(order));
        await WatchAsync(shop.App);

        Assert.Equal(50, (await shop.App.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Equal(1, (await shop.App.GetAsync("manage/keys?userId=ann", shop.App.Admin)).Body.GetProperty("keys").GetArrayLength());
        Assert.Equal("https://ann.example/hooks", (await shop.App.GetAsync("notifications/preferences?userId=ann")).Text("webhookUrl"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Whoever_asks_again_at_once_is_forgotten_with_what_they_set_up_since()
    {
        await using var shop = await Shop.OpenAsync();
        await LiveAsync(shop.App, hasAccount: true, minutes: 20);
        await ForgetAsync(shop.App);
        Assert.Equal(200, (await SetAsync(shop.App)).Status);
        var code = (await shop.App.GetAsync("credits/referral?userId=bob")).Text("code");
        Assert.Equal(200, (await shop.App.PostAsync("credits/referral", new { userId = "ann", code })).Status);
        shop.App.Clock.Advance(TimeSpan.FromMinutes(14));

        await ForgetAsync(shop.App);

        var accounts = await shop.App.Get<Tables>().GetAsync(TableNames.Accounts);
        Assert.Empty(await accounts.QueryAsync<TableEntity>(row => row.PartitionKey == "ann").ToListAsync());
        Assert.Null(await shop.App.Get<Payers>().FindAsync("ann", default));
        shop.App.Clock.Advance(TimeSpan.FromMinutes(2));
        await shop.App.Get<Erasures>().FinishAllAsync(default);
        // What other instances collected before the second wish may still come.
        Assert.Single(await JobsAsync(shop.App));
        await WatchAsync(shop.App);
        Assert.Empty(await JobsAsync(shop.App));
    }

    [Fact]
    public async Task A_second_wish_that_broke_off_at_the_team_is_carried_out_by_the_timer()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var closing = app;
        await LiveAsync(app, hasAccount: true, minutes: 20);
        await ForgetAsync(app);
        Assert.Equal(200, (await app.PostAsync("teams", new { userId = "ann", name = "Owls" })).Status);
        storage.Faults = request => request.IsTransaction && request.Partition == TeamAccounts.Of("ann") ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);
        storage.Faults = _ => Fault.None;

        await app.GiveAsync("ann", 5);
        await HaveAsync(app);
        await WatchAsync(app);
        await AssertHasAsync(app);

        Assert.True(await app.Get<AccountStore>().ReadStoredAsync(TeamAccounts.Of("ann")) is { IsFounderless: true, Members.IsEmpty: true });
        Assert.Equal(5, (await app.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Contains("ann", await app.Get<Members>().ReadAsync(after: null, Members.PageLimit, default));
    }

    [Theory]
    [InlineData(nameof(ErasureStage.Asked))]
    [InlineData(nameof(ErasureStage.Parted))]
    [InlineData("")]
    public async Task A_wish_that_stopped_anywhere_comes_to_its_end_beside_another_account_of_the_name(string stage)
    {
        await using var app = await TestApp.StartAsync();
        await LiveAsync(app, hasAccount: true, minutes: 20);
        await ForgetAsync(app);
        var job = Assert.Single(await JobsAsync(app));
        job["Stage"] = stage;
        await (await app.Get<Tables>().GetAsync(TableNames.Erasures)).UpdateEntityAsync(job, job.ETag, TableUpdateMode.Replace);

        await app.GiveAsync("ann", 5);
        await HaveAsync(app);
        await WatchAsync(app);

        Assert.Empty(await JobsAsync(app));
        Assert.Equal(5, (await app.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Contains("ann", await app.Get<Members>().ReadAsync(after: null, Members.PageLimit, default));
        await AssertHasAsync(app);
    }

    // A saved payment method and a key, of the account that is new.
    private static async Task HaveAsync(TestApp app)
    {
        await app.Get<Payers>().ChangeAsync("ann", payer => payer with { CustomerId = "cus_new", Gateway = "stripe" }, default);
        Assert.Equal(201, (await app.PostAsync("manage/keys", new { userId = "ann", name = "laptop" }, app.Admin)).Status);
    }

    private static async Task AssertHasAsync(TestApp app)
    {
        Assert.Equal("cus_new", (await app.Get<Payers>().FindAsync("ann", default))?.CustomerId);
        Assert.Equal(1, (await app.GetAsync("manage/keys?userId=ann", app.Admin)).Body.GetProperty("keys").GetArrayLength());
    }

    private static async Task LiveAsync(TestApp app, bool hasAccount, int minutes)
    {
        if (hasAccount)
        {
            await app.GiveAsync("ann", 1);
        }

        Assert.Equal(200, (await app.PostAsync("teams", new { userId = "ann", name = "Foxes" })).Status);
        app.Clock.Advance(TimeSpan.FromMinutes(minutes));
    }

    private static async Task ForgetAsync(TestApp app)
    {
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);
        app.Clock.Advance(TimeSpan.FromSeconds(10));
    }

    private static Task<Reply> SetAsync(TestApp app) => app.SendAsync(HttpMethod.Put, "notifications/preferences", new { userId = "ann", webhookUrl = "https://ann.example/hooks" });

    private static async Task WatchAsync(TestApp app)
    {
        for (var run = 0; run < 5; run++)
        {
            app.Clock.Advance(TimeSpan.FromMinutes(5));
            await app.Get<Erasures>().FinishAllAsync(default);
        }
    }

    private static async Task<List<TableEntity>> JobsAsync(TestApp app) => await (await app.Get<Tables>().GetAsync(TableNames.Erasures)).QueryAsync<TableEntity>().ToListAsync();
}
