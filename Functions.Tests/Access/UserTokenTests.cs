using static ServerlessAi.Tests.Access.Credential;

namespace ServerlessAi.Tests.Access;

public sealed class UserTokenTests
{
    private static readonly Dictionary<string, string?> InProduction = new() { ["Tests:Environment"] = Production };

    [Fact]
    public async Task A_token_is_its_user_until_its_time_is_over()
    {
        await using var app = await TestApp.StartAsync(InProduction);

        var minted = await app.PostAsync("manage/tokens", new { userId = "ann", ttlSeconds = 60, name = "web" }, app.Admin);

        Assert.Equal((201, "ann", TestClock.Start.AddSeconds(60)), (minted.Status, minted.Text("userId"), minted.Body.GetProperty("expiresAt").GetDateTimeOffset()));
        var token = minted.Text("token")!;
        Assert.StartsWith("sat_", token, StringComparison.Ordinal);
        Assert.Equal("ann", (await app.GetAsync("balance", Bearer(token))).Text("userId"));
        Assert.Equal("ann", (await app.GetAsync("balance?userId=ann", Header("x-api-key", token))).Text("userId"));
        app.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(200, (await app.GetAsync("balance", Bearer(token))).Status);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var late = await app.GetAsync("balance", Bearer(token));
        Assert.Equal((401, "unauthenticated"), (late.Status, late.Code));
    }

    [Fact]
    public async Task An_OpenAI_client_sends_a_token_as_its_key()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Tests:Environment"] = "Staging", ["Providers:Sample:Enabled"] = "true" });
        var body = new { model = "openai-gpt-4.1", messages = new[] { new { role = "user", content = "hello" } } };

        var reply = await app.SendAsync(HttpMethod.Post, "v1/chat/completions", body, change: Bearer(await app.TokenAsync("ann")));

        Assert.True(reply.Status == 200, reply.Body.ToString());
        Assert.True((await app.GetAsync("credits?userId=ann", app.Admin)).Number("credits") < 10);
    }

    [Fact]
    public async Task A_token_names_nobody_else_and_is_no_admin()
    {
        await using var app = await TestApp.StartAsync();
        var token = Bearer(await app.TokenAsync("ann"));

        Assert.Equal(403, (await app.GetAsync("balance?userId=bob", token)).Status);
        Assert.Equal(403, (await app.GetAsync("manage/keys", token)).Status);
        // The account that the admin's key has when it names nobody is a user like others.
        Assert.Equal(403, (await app.GetAsync("manage/keys", Bearer(await app.TokenAsync("admin")))).Status);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("guest-1", null)]
    [InlineData("GUEST-1", null)]
    [InlineData("system:warm-cache", null)]
    [InlineData("ann ", null)]
    [InlineData("ann", 59)]
    [InlineData("ann", 86_401)]
    [InlineData("ann", -1)]
    public async Task What_cannot_be_a_token_is_not_made(string user, int? ttlSeconds)
    {
        await using var app = await TestApp.StartAsync();

        var refused = await app.PostAsync("manage/tokens", new { userId = user, ttlSeconds }, app.Admin);

        Assert.Equal((400, "invalid_request"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task A_token_altered_anywhere_is_nobodys()
    {
        await using var app = await TestApp.StartAsync(InProduction);
        var token = await app.TokenAsync("ann");
        var altered = Enumerable.Range(4, token.Length - 4).Select(at => Altered(token, at))
            .Concat([token[..^1], token + "A", token[..40], "sat_", "sat__", "sat_" + token, token[4..], token.ToUpperInvariant(), token + "=", "sat_%00", "sat_" + new string('A', 9_000)]);

        foreach (var forged in altered)
        {
            var reply = await app.GetAsync("balance", Bearer(forged));
            Assert.True(reply.Status == 401, $"{forged} answered {reply.Status}.");
        }
    }

    [Fact]
    public async Task Another_installations_token_is_nobodys()
    {
        await using var app = await TestApp.StartAsync();
        await using var other = await TestApp.StartAsync();

        Assert.Equal(401, (await app.GetAsync("balance", Bearer(await other.TokenAsync("ann")))).Status);
    }

    [Fact]
    public async Task A_guests_pass_is_no_token()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Access:GuestsPerNetworkPerDay"] = "5" });
        var pass = (await app.GetAsync("balance")).GuestCookie()!.Split('=')[1];

        Assert.Equal(401, (await app.GetAsync("balance", Bearer("sat_" + pass))).Status);
    }
}
