using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;
using static ServerlessAi.Tests.Access.Credential;

namespace ServerlessAi.Tests.Access;

public sealed class GuestTests
{
    private static readonly Dictionary<string, string?> Welcome = new() { ["Access:GuestsPerNetworkPerDay"] = "3" };

    [Fact]
    public async Task A_visitor_without_credentials_is_the_same_guest_as_long_as_the_cookie_comes_back()
    {
        await using var app = await TestApp.StartAsync(Welcome);
        using var visitor = app.WithoutCookies();

        var first = await app.GetAsync("balance", visitor);
        var cookie = first.GuestCookie()!;
        var second = await app.GetAsync("balance", Header("Cookie", cookie), visitor);

        Assert.StartsWith("guest-", first.Text("userId"), StringComparison.Ordinal);
        Assert.Equal((200, first.Text("userId"), null), (second.Status, second.Text("userId"), second.GuestCookie()));
        Assert.NotEqual(first.Text("userId"), (await app.GetAsync("balance", visitor)).Text("userId"));
    }

    [Fact]
    public async Task A_page_of_another_site_makes_no_guests_and_uses_up_nobodys_number()
    {
        await using var app = await TestApp.StartAsync(Welcome);
        using var visitor = app.WithoutCookies();

        for (var i = 0; i < 5; i++)
        {
            var elsewhere = await app.GetAsync("balance", Header("Sec-Fetch-Site", "cross-site"), visitor);
            Assert.Equal((401, "unauthenticated", null), (elsewhere.Status, elsewhere.Code, elsewhere.GuestCookie()));
        }

        Assert.Equal(200, (await app.GetAsync("balance", Header("Sec-Fetch-Site", "same-origin"), visitor)).Status);
    }

    [Theory]
    [InlineData("Development", "sai-guest=", false)]
    [InlineData("Production", "__Host-sai-guest=", true)]
    public async Task The_cookie_is_for_this_site_and_no_script(string environment, string name, bool secure)
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>(Welcome) { ["Tests:Environment"] = environment });

        var cookie = (await app.GetAsync("balance")).Headers["Set-Cookie"];

        Assert.StartsWith(name, cookie, StringComparison.Ordinal);
        Assert.Equal(
            ["httponly", "max-age=2592000", "path=/", "samesite=lax", .. secure ? ["secure"] : Array.Empty<string>()],
            cookie.ToLowerInvariant().Split("; ").Skip(1).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_guest_has_the_free_images_of_a_day_and_nothing_that_is_paid_for()
    {
        await using var app = await TestApp.StartAsync(Welcome);
        using var visitor = app.WithoutCookies();
        var me = Header("Cookie", (await app.GetAsync("balance", visitor)).GuestCookie()!);
        Task<Reply> Post(string path, object body) => app.SendAsync(HttpMethod.Post, path, body, visitor, me);

        var text = await Post("complete", new { prompt = "hello" });
        var search = await Post("search", new { query = "foxes" });
        var images = new List<Reply>();
        for (var i = 0; i < 4; i++)
        {
            images.Add(await Post("ai-preview-image", new { prompt = $"fox number {i}" }));
        }

        Assert.Equal([(402, "insufficient_credits"), (402, "insufficient_credits")], new[] { text, search }.Select(reply => (reply.Status, reply.Code)));
        Assert.Equal([200, 200, 200, 402], images.Select(reply => reply.Status));
        Assert.All(images.Take(3), image => Assert.Equal(0, image.Number("creditsCharged")));
        var id = images[0].Text("imageId");
        Assert.Equal(3, (await app.GetAsync("images", me, visitor)).Body.GetProperty("images").GetArrayLength());
        Assert.Equal(200, (await app.GetAsync("images/" + id, me, visitor)).Status);
        Assert.True((await Post($"images/{id}/select", new { selected = true })).Flag("selected"));
        Assert.Equal(0, (await app.GetAsync("credits", me, visitor)).Number("credits"));
        Assert.Equal(0, (await app.GetAsync("credits/history", me, visitor)).Body.GetProperty("entries").GetArrayLength());
        Assert.False((await Post("estimate", new { prompt = "hello" })).Flag("canAfford"));
        Assert.Equal((0, 0), ((await app.GetAsync("ai-credits-status", me, visitor)).Number("freeRemainingToday"), (await app.GetAsync("ai-credits-status", me, visitor)).Number("bonusCredits")));
        var guest = (await app.GetAsync("balance", me, visitor)).Text("userId");
        Assert.Equal(1, (await app.GetAsync("manage/audit?account=" + guest, app.Admin)).Number("accounts"));
        Assert.True((await app.GetAsync("manage/audit", app.Admin)).Flag("conserved"));
    }

    [Fact]
    public async Task A_cookie_that_is_altered_or_too_old_is_a_new_guests()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Access:GuestsPerNetworkPerDay"] = "1000" });
        using var visitor = app.WithoutCookies();
        var first = await app.GetAsync("balance", visitor);
        var cookie = first.GuestCookie()!;
        foreach (var at in Enumerable.Range(cookie.IndexOf('=', StringComparison.Ordinal) + 1, 40))
        {
            var other = await app.GetAsync("balance", Header("Cookie", Altered(cookie, at)), visitor);
            Assert.NotEqual((first.Text("userId"), null), (other.Text("userId"), other.GuestCookie()));
        }

        app.Clock.Advance(TimeSpan.FromDays(30));
        Assert.NotEqual(first.Text("userId"), (await app.GetAsync("balance", Header("Cookie", cookie), visitor)).Text("userId"));
    }

    [Fact]
    public async Task Who_comes_back_stays_the_same_guest_for_longer_than_one_cookie_lasts()
    {
        await using var app = await TestApp.StartAsync(Welcome);
        using var visitor = app.WithoutCookies();
        var (first, given) = (await app.GetAsync("balance", visitor), 0);
        var cookie = first.GuestCookie()!;

        for (var week = 0; week < 20; week++)
        {
            app.Clock.Advance(TimeSpan.FromDays(7));
            var again = await app.GetAsync("balance", Header("Cookie", cookie), visitor);
            Assert.Equal(first.Text("userId"), again.Text("userId"));
            (cookie, given) = (again.GuestCookie() ?? cookie, given + (again.GuestCookie() is null ? 0 : 1));
        }

        Assert.InRange(given, 6, 7);
    }

    [Fact]
    public async Task Without_keys_the_cookie_is_kept_for_when_there_are()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync(Welcome);
        await using var one = app;
        await using var two = (await TestApp.StartSimulatedAsync(sharing: app, storage: storage)).App;
        using var visitor = two.WithoutCookies();
        var first = await one.GetAsync("balance");
        storage.Faults = request => request.Table.StartsWith("access-keys", StringComparison.Ordinal) ? Fault.Busy503 : Fault.None;

        var away = await two.GetAsync("balance", Header("Cookie", first.GuestCookie()!), visitor);
        storage.Faults = _ => Fault.None;

        Assert.Equal((503, "storage_unavailable", null), (away.Status, away.Code, away.GuestCookie()));
        Assert.Equal(first.Text("userId"), (await two.GetAsync("balance", Header("Cookie", first.GuestCookie()!), visitor)).Text("userId"));
    }

    [Fact]
    public async Task Guests_are_off_unless_there_is_a_number()
    {
        await using var app = await TestApp.StartAsync();
        await using var production = await TestApp.StartAsync(new Dictionary<string, string?> { ["Tests:Environment"] = Production });

        foreach (var reply in new[] { await app.GetAsync("balance"), await production.GetAsync("balance") })
        {
            Assert.Equal((401, null), (reply.Status, reply.GuestCookie()));
        }
    }

    [Fact]
    public async Task Only_who_names_nobody_is_a_guest()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>(Welcome) { ["Tests:Environment"] = Production });
        using var visitor = app.WithoutCookies();
        var first = await app.GetAsync("balance", visitor);
        var me = Header("Cookie", first.GuestCookie()!);

        Assert.Equal(401, (await app.GetAsync("balance?userId=ann", me, visitor)).Status);
        Assert.Equal(400, (await app.GetAsync("balance?userId=" + first.Text("userId"), me, visitor)).Status);
        Assert.Equal(401, (await app.GetAsync("balance", All(me, Bearer("sai_abc_def")), visitor)).Status);
        Assert.Equal("ann", (await app.GetAsync("balance", All(me, Bearer(await app.KeyAsync("ann"))), visitor)).Text("userId"));
        Assert.Equal(400, (await app.PostAsync("manage/keys", new { userId = first.Text("userId") }, app.Admin)).Status);
        Assert.Equal(400, (await app.PostAsync($"manage/users/{first.Text("userId")}/credits", new { amount = 5, kind = "purchase" }, app.Admin)).Status);
    }

    [Fact]
    public async Task A_guests_row_says_neither_where_it_came_from_nor_who_it_is()
    {
        await using var app = await TestApp.StartAsync(Welcome);
        var guest = (await app.GetAsync("balance", From("203.0.113.77"))).Text("userId")!;

        var table = await app.Get<Tables>().GetAsync(TableNames.Guests);
        var row = Assert.Single(await table.QueryAsync<TableEntity>().ToListAsync());

        Assert.Matches("^[0-9a-f]{64}$", row.RowKey);
        Assert.DoesNotContain(row, property => $"{property.Value}".Contains("203.0.113", StringComparison.Ordinal) || $"{property.Value}".Contains(guest, StringComparison.Ordinal));
        Assert.Null(await app.Get<AccountStore>().ReadStoredAsync(guest));
    }
}
