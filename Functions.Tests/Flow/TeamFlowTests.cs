namespace ServerlessAi.Tests.Flow;

public sealed class TeamFlowTests
{
    [Fact]
    public async Task Members_spend_the_teams_credits_up_to_their_caps()
    {
        await using var app = await TestApp.StartAsync();
        var team = await FoundAsync(app, "owner", credits: 100);
        await JoinAsync(app, "ann", monthlyCap: 0.02m);

        Assert.Equal(200, (await SearchAsync(app, "ann", "one")).Status);
        var refused = await SearchAsync(app, "ann", "two");

        Assert.Equal((429, "usage_limit_exceeded", "member"), (refused.Status, refused.Code, refused.Text("limitType")));
        Assert.Equal((0.015m, 0.02m), (refused.Number("currentUsage"), refused.Number("limit")));
        Assert.Equal(200, (await SearchAsync(app, "owner", "two")).Status);
        Assert.Equal(99.97m, (await app.GetAsync("credits?userId=ann")).Number("credits"));
        var members = (await app.GetAsync("teams?userId=owner")).Body.GetProperty("members").EnumerateArray().ToDictionary(member => member.GetProperty("userId").GetString()!);
        Assert.Equal((0.015m, 0.015m), (members["ann"].GetProperty("usedThisMonth").GetDecimal(), members["owner"].GetProperty("usedThisMonth").GetDecimal()));
        Assert.Equal(team.Text("teamId"), (await app.GetAsync("teams?userId=ann")).Text("teamId"));
        Assert.Single((await app.GetAsync("teams?userId=ann")).Body.GetProperty("members").EnumerateArray());
        Assert.True((await app.GetAsync("manage/audit", app.Admin)).Flag("conserved"));
    }

    [Fact]
    public async Task An_invitation_goes_when_it_has_expired_and_not_before()
    {
        await using var app = await TestApp.StartAsync();
        await FoundAsync(app, "owner", credits: 1);
        await app.PostAsync("teams/invites", new { userId = "owner" });
        app.Clock.Advance(TimeSpan.FromDays(6));
        var code = (await app.PostAsync("teams/invites", new { userId = "owner" })).Text("code");
        app.Clock.Advance(TimeSpan.FromDays(3));

        await app.Get<ServerlessAi.Teams.Invites>().TidyAsync(CancellationToken.None);

        var client = await app.Get<ServerlessAi.Storage.Tables>().GetAsync(ServerlessAi.Storage.TableNames.Members);
        Assert.Single(await client.QueryAsync<Azure.Data.Tables.TableEntity>("RowKey eq 'invite'").ToListAsync());
        Assert.Equal(200, (await app.PostAsync("teams/join", new { userId = "ann", code })).Status);
        Assert.Equal(200, (await app.PostAsync("teams/join", new { userId = "ann", code })).Status);
        Assert.Equal(404, (await app.PostAsync("teams/join", new { userId = "bob", code })).Status);
    }

    [Fact]
    public async Task Whoever_leaves_spends_their_own_again_and_comes_back_only_by_a_new_invitation()
    {
        await using var app = await TestApp.StartAsync();
        await FoundAsync(app, "owner", credits: 100);
        var code = await JoinAsync(app, "ann", monthlyCap: null);

        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "teams/members/ann?userId=ann")).Status);

        Assert.Equal(10, (await app.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Equal(404, (await app.GetAsync("teams?userId=ann")).Status);
        Assert.Equal(404, (await app.PostAsync("teams/join", new { userId = "bob", code })).Status);
    }

    [Fact]
    public async Task An_owner_shows_a_member_the_door_and_another_instance_learns_of_it_within_a_minute()
    {
        await using var app = await TestApp.StartAsync();
        await using var other = await TestApp.StartAsync(sharing: app);
        await FoundAsync(app, "owner", credits: 100);
        await JoinAsync(app, "ann", monthlyCap: null);
        Assert.Equal(200, (await SearchAsync(other, "ann", "one")).Status);

        await app.SendAsync(HttpMethod.Delete, "teams/members/ann?userId=owner");

        Assert.Equal((403, "forbidden"), (await SearchAsync(other, "ann", "two")) is var refused ? (refused.Status, refused.Code) : default);
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await SearchAsync(other, "ann", "two")).Status);
        Assert.Equal(9.985m, (await app.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Equal(99.985m, (await app.GetAsync("credits?userId=owner")).Number("credits"));
    }

    [Theory]
    [InlineData("POST", "teams/invites", "{}")]
    [InlineData("PUT", "teams/members/ann", "{}")]
    [InlineData("PUT", "teams/members/bob", "{\"monthlyCap\":1}")]
    [InlineData("DELETE", "teams/members/bob", null)]
    [InlineData("DELETE", "teams/members/owner", null)]
    public async Task A_member_changes_nothing_but_their_own_membership(string verb, string path, string? body)
    {
        await using var app = await TestApp.StartAsync();
        await FoundAsync(app, "owner", credits: 100);
        await JoinAsync(app, "ann", monthlyCap: 1);
        await JoinAsync(app, "bob", monthlyCap: 1);
        var before = (await app.GetAsync("teams?userId=owner")).Body.ToString();

        var reply = await app.SendAsync(
            new HttpMethod(verb), path + "?userId=ann", change: request => request.Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal((403, "forbidden"), (reply.Status, reply.Code));
        Assert.Equal(before, (await app.GetAsync("teams?userId=owner")).Body.ToString());
    }

    [Theory]
    [InlineData("GET", "notifications/preferences", null)]
    [InlineData("PUT", "notifications/preferences", "{\"webhookUrl\":\"https://thief.example/hooks\"}")]
    [InlineData("POST", "notifications/confirm", "{\"code\":\"123456\"}")]
    public async Task Where_the_teams_news_go_is_its_owners_to_see_and_to_say(string verb, string path, string? body)
    {
        await using var app = await TestApp.StartAsync();
        await FoundAsync(app, "owner", credits: 100);
        await app.SendAsync(HttpMethod.Put, "notifications/preferences?userId=owner", new { webhookUrl = "https://owner.example/hooks" });
        await JoinAsync(app, "ann", monthlyCap: 1);

        var reply = await app.SendAsync(
            new HttpMethod(verb), path + "?userId=ann", change: request => request.Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal((403, "forbidden"), (reply.Status, reply.Code));
        Assert.DoesNotContain("owner.example", reply.Body.ToString(), StringComparison.Ordinal);
        Assert.Equal("https://owner.example/hooks", (await app.GetAsync("notifications/preferences?userId=owner")).Text("webhookUrl"));
    }

    [Fact]
    public async Task A_team_brings_no_credits_of_its_own_and_can_be_founded_once()
    {
        await using var app = await TestApp.StartAsync();
        var first = await app.PostAsync("teams", new { userId = "owner", name = "Foxes" });
        var again = await app.PostAsync("teams", new { userId = "owner", name = "Foxes" });

        Assert.Equal((0m, first.Text("teamId")), (first.Number("credits"), again.Text("teamId")));
        await JoinAsync(app, "ann", monthlyCap: null);
        Assert.Equal(409, (await app.PostAsync("teams", new { userId = "ann", name = "Owls" })).Status);
    }

    [Fact]
    public async Task An_owner_leaves_for_their_own_credits_and_comes_back_as_owner()
    {
        await using var app = await TestApp.StartAsync();
        await FoundAsync(app, "owner", credits: 100);
        await JoinAsync(app, "ann", monthlyCap: null);
        await app.SendAsync(HttpMethod.Delete, "teams/members/owner?userId=owner");
        Assert.Equal((10m, 100m), ((await app.GetAsync("credits?userId=owner")).Number("credits"), (await app.GetAsync("credits?userId=ann")).Number("credits")));

        await app.PostAsync("teams", new { userId = "owner", name = "Foxes" });

        Assert.Equal((100m, 201), ((await app.GetAsync("credits?userId=owner")).Number("credits"), (await app.PostAsync("teams/invites", new { userId = "owner" })).Status));
    }

    [Fact]
    public async Task Nobody_calls_in_a_teams_name()
    {
        await using var app = await TestApp.StartAsync();
        var team = await FoundAsync(app, "owner", credits: 100);

        Assert.Equal(400, (await app.GetAsync("credits?userId=" + team.Text("teamId"))).Status);
        Assert.Equal(400, (await app.PostAsync("manage/keys", new { userId = team.Text("teamId") }, app.Admin)).Status);
    }

    [Fact]
    public async Task An_invitation_is_for_one_for_a_week_and_accepting_it_again_finishes_what_was_begun()
    {
        await using var app = await TestApp.StartAsync();
        await FoundAsync(app, "owner", credits: 100);
        var code = (await app.PostAsync("teams/invites", new { userId = "owner" })).Text("code");
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => app.PostAsync("teams/join", new { userId = "user" + i, code })));
        var winner = Array.FindIndex(replies, reply => reply.Status == 200);

        Assert.Single(replies, reply => reply.Status == 200);
        Assert.Equal(200, (await app.PostAsync("teams/join", new { userId = "user" + winner, code })).Status);
        var late = (await app.PostAsync("teams/invites", new { userId = "owner" })).Text("code");
        app.Clock.Advance(TimeSpan.FromDays(7));
        Assert.Equal(404, (await app.PostAsync("teams/join", new { userId = "late", code = late })).Status);
    }

    private static async Task<Reply> FoundAsync(TestApp app, string owner, decimal credits)
    {
        var team = await app.PostAsync("teams", new { userId = owner, name = "Foxes" });
        Assert.Equal(200, team.Status);
        await app.GiveAsync(team.Text("teamId")!, credits);
        return team;
    }

    private static async Task<string> JoinAsync(TestApp app, string user, decimal? monthlyCap)
    {
        var code = (await app.PostAsync("teams/invites", new { userId = "owner", monthlyCap })).Text("code")!;
        Assert.Equal(200, (await app.PostAsync("teams/join", new { userId = user, code })).Status);
        return code;
    }

    private static Task<Reply> SearchAsync(TestApp app, string user, string query) => app.PostAsync("search", new { userId = user, query = $"{user} asks for {query}", provider = "tavily" });
}
