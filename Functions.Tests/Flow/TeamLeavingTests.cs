using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Privacy;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Flow;

public sealed class TeamLeavingTests
{
    [Fact]
    public async Task An_invitation_lets_nobody_back_in_who_was_shown_the_door()
    {
        await using var app = await TestApp.StartAsync();
        var code = await JoinAsync(app, monthlyCap: 50);
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "teams/members/ann?userId=owner")).Status);

        var again = await app.PostAsync("teams/join", new { userId = "ann", code });

        Assert.Equal((404, 10m), (again.Status, (await app.GetAsync("credits?userId=ann")).Number("credits")));
        Assert.Equal(1, await MembersAsync(app));
        Assert.Equal(200, (await app.PostAsync("teams/join", new { userId = "ann", code = await InviteAsync(app, monthlyCap: null) })).Status);
    }

    [Fact]
    public async Task No_invitation_undoes_what_the_owner_has_set_since()
    {
        await using var app = await TestApp.StartAsync();
        var code = await JoinAsync(app, monthlyCap: 50);
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "teams/members/ann", new { userId = "owner", monthlyCap = 5 })).Status);

        Assert.Equal(200, (await app.PostAsync("teams/join", new { userId = "ann", code })).Status);
        Assert.Equal(200, (await app.PostAsync("teams/join", new { userId = "ann", code = await InviteAsync(app, monthlyCap: null) })).Status);

        Assert.Equal(5, (await app.GetAsync("teams?userId=ann")).Body.GetProperty("members")[0].GetProperty("monthlyCap").GetDecimal());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Leaving_that_broke_off_is_finished_by_asking_again_or_by_joining_another_team(bool joinsAnother)
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var closing = app;
        await JoinAsync(app, monthlyCap: null);
        await app.PostAsync("teams", new { userId = "other", name = "Owls" });
        var code = await InviteAsync(app, monthlyCap: null, owner: "other");
        storage.Faults = IsBusy;
        Assert.Equal(503, (await app.SendAsync(HttpMethod.Delete, "teams/members/ann?userId=ann")).Status);
        storage.Faults = _ => Fault.None;
        Assert.Equal((10, 2), ((await app.GetAsync("credits?userId=ann")).Number("credits"), await MembersAsync(app)));

        var finished = joinsAnother ? await app.PostAsync("teams/join", new { userId = "ann", code }) : await app.SendAsync(HttpMethod.Delete, "teams/members/ann?userId=ann");

        Assert.Equal((200, 1), (finished.Status, await MembersAsync(app)));
        Assert.Equal(joinsAnother ? 200 : 404, (await app.SendAsync(HttpMethod.Delete, "teams/members/ann?userId=ann")).Status);
    }

    [Fact]
    public async Task An_owner_whose_leaving_broke_off_comes_back_and_stays()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var closing = app;
        await JoinAsync(app, monthlyCap: null);
        storage.Faults = IsBusy;
        Assert.Equal(503, (await app.SendAsync(HttpMethod.Delete, "teams/members/owner?userId=owner")).Status);
        storage.Faults = _ => Fault.None;

        Assert.Equal(200, (await app.PostAsync("teams", new { userId = "owner", name = "Foxes" })).Status);

        Assert.Equal((100, 2), ((await app.GetAsync("credits?userId=owner")).Number("credits"), await MembersAsync(app)));
    }

    [Fact]
    public async Task Whoever_is_deleted_while_the_teams_account_cannot_be_written_leaves_no_name_in_it()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var closing = app;
        await JoinAsync(app, monthlyCap: null);
        storage.Faults = IsBusy;
        Assert.Equal(503, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);
        storage.Faults = _ => Fault.None;

        app.Clock.Advance(TimeSpan.FromHours(1));
        await app.Get<Erasures>().FinishAllAsync(default);

        Assert.Equal(1, await MembersAsync(app));
        Assert.Equal(404, (await app.SendAsync(HttpMethod.Put, "teams/members/ann", new { userId = "owner", monthlyCap = 5 })).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_write_of_leaving_that_arrives_late_takes_nobody_out_of_the_team_they_joined_since(int nth)
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var closing = app;
        await JoinAsync(app, monthlyCap: null);
        await app.GiveAsync((await app.PostAsync("teams", new { userId = "other", name = "Owls" })).Text("teamId")!, 70);
        var (arrival, count) = (new TaskCompletionSource(), 0);
        storage.Faults = request => IsWriteOf("ann", request) && ++count == nth ? Fault.LateApplied(arrival.Task) : Fault.None;
        var left = await app.SendAsync(HttpMethod.Delete, "teams/members/ann?userId=owner");
        Assert.True(left.Status is 200 or 503 && count >= nth);
        storage.Faults = _ => Fault.None;
        await app.SendAsync(HttpMethod.Delete, "teams/members/ann?userId=ann");
        Assert.Equal(200, (await app.PostAsync("teams/join", new { userId = "ann", code = await InviteAsync(app, monthlyCap: null, owner: "other") })).Status);

        arrival.SetResult();
        await storage.LateArrivalsAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(70, (await app.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Equal(1, await MembersAsync(app));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Joining_that_broke_off_leaves_no_name_when_its_user_is_deleted_or_joins_another(bool joinsAnother)
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var closing = app;
        await JoinAsync(app, monthlyCap: null);
        await app.PostAsync("teams", new { userId = "other", name = "Owls" });
        var (code, count) = (await InviteAsync(app, monthlyCap: null), 0);
        storage.Faults = request => IsWriteOf("bob", request) && ++count > 1 ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await app.PostAsync("teams/join", new { userId = "bob", code })).Status);
        storage.Faults = _ => Fault.None;
        Assert.Equal(3, await MembersAsync(app));
        Assert.Contains("\"team\"", (await app.GetAsync("account/export?userId=bob")).Body.ToString(), StringComparison.Ordinal);

        var reply = joinsAnother
            ? await app.PostAsync("teams/join", new { userId = "bob", code = await InviteAsync(app, monthlyCap: null, owner: "other") })
            : await app.SendAsync(HttpMethod.Delete, "account?userId=bob");

        Assert.Equal((200, 2), (reply.Status, await MembersAsync(app)));
    }

    [Fact]
    public async Task Joining_that_broke_off_is_finished_by_asking_again_or_undone_by_leaving()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var closing = app;
        await JoinAsync(app, monthlyCap: null);
        var (code, count) = (await InviteAsync(app, monthlyCap: null), 0);
        storage.Faults = request => IsWriteOf("bob", request) && ++count > 1 ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await app.PostAsync("teams/join", new { userId = "bob", code })).Status);
        storage.Faults = _ => Fault.None;

        Assert.Equal(200, (await app.PostAsync("teams/join", new { userId = "bob", code })).Status);
        Assert.Equal((100, 3), ((await app.GetAsync("credits?userId=bob")).Number("credits"), await MembersAsync(app)));
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "teams/members/bob?userId=bob")).Status);

        Assert.Equal(404, (await app.PostAsync("teams/join", new { userId = "bob", code })).Status);
        Assert.Equal(404, (await app.SendAsync(HttpMethod.Delete, "teams/members/bob?userId=bob")).Status);
        Assert.Equal((10, 2), ((await app.GetAsync("credits?userId=bob")).Number("credits"), await MembersAsync(app)));
    }

    [Fact]
    public async Task Whoever_is_shown_the_door_while_they_join_can_be_forgotten_although_that_breaks_off_too()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var closing = app;
        await JoinAsync(app, monthlyCap: null);
        var code = await InviteAsync(app, monthlyCap: null);
        await using var other = (await TestApp.StartSimulatedAsync(sharing: app, storage: storage.Connect())).App;
        var isAsked = false;
        storage.Faults = request =>
        {
            if (isAsked)
            {
                return IsBusy(request);
            }

            if (IsWriteOf("bob", request) && request.Method is not "POST")
            {
                // Joining is about to be noted as done.
                isAsked = true;
                Assert.Equal(200, other.SendAsync(HttpMethod.Delete, "teams/members/bob?userId=owner").GetAwaiter().GetResult().Status);
                // And the invitation of before is good for nothing more: a late write puts the name there again.
                other.Get<AccountStore>().ExecuteAsync(TeamAccounts.Of("owner"), new AddMember("late", "bob", CapMicro: null, "joined")).GetAwaiter().GetResult();
            }

            return Fault.None;
        };
        Assert.Equal(503, (await app.PostAsync("teams/join", new { userId = "bob", code })).Status);
        storage.Faults = _ => Fault.None;
        Assert.True(isAsked);

        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=bob")).Status);

        Assert.Equal(2, await MembersAsync(app));
    }

    [Fact]
    public async Task A_team_that_everybody_has_left_pays_for_nobody_who_is_remembered_there()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var closing = app;
        await JoinAsync(app, monthlyCap: null);
        await using var other = (await TestApp.StartSimulatedAsync(sharing: app, storage: storage)).App;
        Assert.Equal(100, (await other.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "teams/members/ann?userId=ann")).Status);
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=owner")).Status);

        var reply = await other.CompleteAsync("ann", "Who pays?");

        Assert.Equal((403, "forbidden"), (reply.Status, reply.Text("code")));
    }

    private static bool IsWriteOf(string user, SimulatedRequest request) => request.Table.EndsWith(TableNames.Members, StringComparison.OrdinalIgnoreCase) && request.Partition == user && request.Method is not "GET";

    private static Fault IsBusy(SimulatedRequest request) => request.IsTransaction && request.Partition?.StartsWith("team-", StringComparison.Ordinal) == true ? Fault.Busy503 : Fault.None;

    private static async Task<int> MembersAsync(TestApp app) => (await app.GetAsync("teams?userId=owner")).Body.GetProperty("members").GetArrayLength();

    private static async Task<string> JoinAsync(TestApp app, decimal? monthlyCap)
    {
        var team = await app.PostAsync("teams", new { userId = "owner", name = "Foxes" });
        await app.GiveAsync(team.Text("teamId")!, 100);
        var code = await InviteAsync(app, monthlyCap);
        Assert.Equal(200, (await app.PostAsync("teams/join", new { userId = "ann", code })).Status);
        return code;
    }

    private static async Task<string> InviteAsync(TestApp app, decimal? monthlyCap, string owner = "owner") => (await app.PostAsync("teams/invites", new { userId = owner, monthlyCap })).Text("code")!;
}
