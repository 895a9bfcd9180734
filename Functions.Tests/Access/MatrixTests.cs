using System.Text;
using ServerlessAi.Tests.Fuzz;
using Xunit.Abstractions;
using static ServerlessAi.Tests.Access.Credential;

namespace ServerlessAi.Tests.Access;

/// <summary>Every function, called by every kind of caller, against <see cref="AccessTable"/>.</summary>
public sealed class MatrixTests(ITestOutputHelper output)
{
    private const string Deletion = "account-delete";
    private const string Member = "member";
    private const string Owner = "owner";

    [Fact]
    public void The_table_has_every_function_and_no_other() =>
        Assert.Equal(FuzzRoute.All.Select(route => route.Function).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal), AccessTable.Functions.Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("Development", true)]
    [InlineData("Development", false)]
    [InlineData("Production", true)]
    [InlineData("Production", false)]
    public async Task Every_caller_gets_as_far_as_the_table_says(string environment, bool guestsAreWelcome)
    {
        var settings = new Dictionary<string, string?> { ["Tests:Environment"] = environment, ["Access:GuestsPerNetworkPerDay"] = "10000" };
        await using var welcoming = await TestApp.StartAsync(settings);
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Access:GuestsPerNetworkPerDay"] = guestsAreWelcome ? "10000" : "0" }, sharing: welcoming);
        await using var platform = await TestApp.StartAsync(new Dictionary<string, string?> { ["WEBSITE_AUTH_ENABLED"] = "True" }, sharing: app);
        using var client = app.WithoutCookies();
        using var behindPlatform = platform.WithoutCookies();
        var cookie = (await welcoming.GetAsync("balance")).GuestCookie()!;
        var callers = await CallersAsync(app, cookie);
        var (expected, actual) = (Header(environment, guestsAreWelcome), Header(environment, guestsAreWelcome));
        foreach (var route in FuzzRoute.All.OrderBy(route => route.Function == Deletion))
        {
            Start(expected, route);
            Start(actual, route);
            foreach (var caller in AccessTable.Callers)
            {
                // Whoever has deleted the account has deleted its keys.
                callers = route.Function == Deletion ? await CallersAsync(app, cookie) : callers;
                Add(expected, caller, AccessTable.Outcome(route.Function, caller, environment == "Development", guestsAreWelcome));
                Add(actual, caller, await CallAsync(app, route, caller, callers[caller], caller == "principal" ? behindPlatform : client));
            }
        }

        output.WriteLine(actual.ToString());
        Assert.Equal(expected.ToString(), actual.ToString());
    }

    private static async Task<Dictionary<string, Action<HttpRequestMessage>>> CallersAsync(TestApp app, string cookie)
    {
        var expired = await app.TokenAsync("ann", 60);
        app.Clock.Advance(TimeSpan.FromSeconds(61));
        var revoked = await app.PostAsync("manage/keys", new { userId = "ann" }, app.Admin);
        await app.SendAsync(HttpMethod.Delete, "manage/keys/" + revoked.Text("prefix"), client: app.Admin);
        var key = Bearer(await app.KeyAsync("ann"));
        var (member, owner) = (Bearer(await app.KeyAsync(Member)), Bearer(await app.KeyAsync(Owner)));
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Post, "teams", new { name = "Foxes" }, change: owner)).Status);
        var code = (await app.SendAsync(HttpMethod.Post, "teams/invites", new { }, change: owner)).Text("code");
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Post, "teams/join", new { code }, change: member)).Status);
        return new(StringComparer.Ordinal)
        {
            ["nobody"] = _ => { },
            ["guest"] = Credential.Header("Cookie", cookie),
            ["key"] = key,
            ["token"] = Bearer(await app.TokenAsync("ann")),
            ["principal"] = Principal("aad", EntraId, "ann"),
            ["other"] = All(key, Naming("bob")),
            ["admin"] = Bearer(TestApp.AdminKey),
            ["revoked"] = Bearer(revoked.Text("key")!),
            ["expired"] = Bearer(expired),
            ["forged"] = Principal("aad", EntraId, "ann", ("roles", "Admin")),
            ["altered"] = Credential.Header("Cookie", Altered(cookie, cookie.Length - 20)),
            ["read"] = Bearer(await app.KeyAsync("ann", "read")),
            ["generate"] = Bearer(await app.KeyAsync("ann", "generate")),
            ["named"] = Naming("ann"),
            [Member] = member,
            [Owner] = owner,
        };
    }

    private static Action<HttpRequestMessage> Naming(string user) => Credential.Header("x-user-id", user);

    // Whoever is let in sends nothing of use, and changes nothing.
    private static async Task<string> CallAsync(TestApp app, FuzzRoute route, string caller, Action<HttpRequestMessage> change, HttpClient client)
    {
        var path = route.Template.Replace("{userId}", route.Template.StartsWith("manage/", StringComparison.Ordinal) ? "cy" : caller is Member or Owner ? caller : "ann", StringComparison.Ordinal).Replace("{prefix}", "none", StringComparison.Ordinal).Replace("{id}", "none", StringComparison.Ordinal).Replace("{alertId}", "none", StringComparison.Ordinal);
        var reply = await app.SendAsync(new HttpMethod(route.Verb), path, route.HasBody ? new { } : null, client, change);
        Assert.True(reply.Status < 500, $"{route.Verb} {path} by {caller} answered {reply.Status} {reply.Body}.");
        if (reply.Text("detail")?.StartsWith("The request names different users", StringComparison.Ordinal) == true)
        {
            return "400";
        }

        return reply.Status is 401 or 403 ? $"{reply.Status}" : reply.GuestCookie() is null ? "ok" : "new";
    }

    private static StringBuilder Header(string environment, bool guestsAreWelcome)
    {
        var text = new StringBuilder($"{environment}, guests {(guestsAreWelcome ? "on" : "off")}".PadRight(30));
        foreach (var caller in AccessTable.Callers)
        {
            Add(text, caller, caller);
        }

        return text;
    }

    private static void Start(StringBuilder text, FuzzRoute route) => text.AppendLine().Append($"{route.Verb,-6} {route.Function}".PadRight(30));

    private static void Add(StringBuilder text, string caller, string outcome) => text.Append(' ').Append(outcome.PadRight(caller.Length));
}
