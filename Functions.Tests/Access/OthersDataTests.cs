using System.Text.Json;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Fuzz;
using static ServerlessAi.Tests.Access.Credential;

namespace ServerlessAi.Tests.Access;

/// <summary>Ann never reads or writes what is Bob's, however she spells it.</summary>
public sealed class OthersDataTests
{
    private static readonly Dictionary<string, string?> Keyed = new() { ["Tests:Environment"] = "Staging", ["Providers:Sample:Enabled"] = "true" };

    private static readonly IReadOnlyList<FuzzRoute> OfUsers = [.. FuzzRoute.All.Where(route => route is { IsOfAdmin: false, IsPublic: false })];

    /// <summary>Spellings of Bob's name as a query may have it.</summary>
    public static TheoryData<string> Spellings => new(
        "bob", "BOB", "Bob", "%62ob", "%62%6f%62", "%2562ob", "bob%00", "bob%20", "%20bob", "bob/", "bob%2F", "bob%252F", "ann/../bob", "ann%2F..%2Fbob", "./bob", "bob%2F.", "bob%7C",
        "bob%0A", "bob%09", "ann,bob", "bob,ann", "ann%00bob", "%EF%BB%BFbob", "b%E2%80%8Bob", "ann&userId=bob", "bob&userId=ann", "ann&USERID=bob", "system:bob", "guest-bob", "admin", "*", "bob'%20or%20'1'%20eq%20'1");

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task Another_users_name_opens_no_route_in_any_spelling(string spelling)
    {
        await using var world = await World.StartAsync();
        foreach (var route in OfUsers)
        {
            foreach (var change in new[] { world.Ann, world.AnnsToken })
            {
                var reply = await world.SendAsync(route, world.BobsImage, "userId=" + spelling, change, new { prompt = "x", query = "x" });
                Assert.True(reply.Status is 400 or 403, $"{route.Function} answered {reply.Status} to {spelling}.");
            }
        }

        await world.AssertBobIsAsHeWasAsync();
    }

    [Fact]
    public async Task Names_that_contradict_each_other_are_refused_wherever_they_stand()
    {
        await using var world = await World.StartAsync();
        foreach (var route in OfUsers)
        {
            var places = new List<(string Query, Action<HttpRequestMessage> Change, object? Body)>
            {
                ("userId=ann&userId=bob", world.Ann, null),
                ("userId=ann", All(world.Ann, Header("x-user-id", "bob")), null),
                ("userId=bob", All(world.Ann, Header("x-user-id", "ann")), null),
                ("userId=ann&userId=ann", All(world.Ann, Header("x-user-id", "ann,bob")), null),
            };
            if (route.HasBody)
            {
                places.AddRange([
                    ("userId=ann", world.Ann, new { userId = "bob", prompt = "x" }),
                    ("userId=bob", world.Ann, new { userId = "ann", prompt = "x" }),
                    ("", All(world.Ann, Header("x-user-id", "ann")), new { userId = "bob", prompt = "x" }),
                    ("", world.Ann, JsonDocument.Parse("""{"userId":"ann","prompt":"x","user_id":"bob"}""").RootElement),
                    ("", world.Ann, JsonDocument.Parse("""{"userId":"ann","prompt":"x","userId":"bob"}""").RootElement),
                    ("", world.Ann, JsonDocument.Parse("""{"userId":"ann","prompt":"x","user\u0049d":"bob"}""").RootElement)]);
            }

            foreach (var (query, change, body) in places)
            {
                var reply = await world.SendAsync(route, world.BobsImage, query, change, body ?? new { prompt = "x" });
                Assert.True(reply.Status == 400, $"{route.Function} answered {reply.Status} to '{query}' and {body}.");
            }
        }

        await world.AssertBobIsAsHeWasAsync();
    }

    [Fact]
    public async Task A_name_in_the_body_or_a_header_alone_is_refused_as_in_the_query()
    {
        await using var world = await World.StartAsync();
        foreach (var route in OfUsers.Where(route => !route.NamesUser))
        {
            Assert.Equal(403, (await world.SendAsync(route, world.BobsImage, "", All(world.Ann, Header("x-user-id", "bob")), new { prompt = "x" })).Status);
            if (route.HasBody)
            {
                Assert.Equal(403, (await world.SendAsync(route, world.BobsImage, "", world.Ann, new { userId = "bob", prompt = "x" })).Status);
                Assert.Equal(403, (await world.SendAsync(route, world.BobsImage, "", world.Ann, new { user_id = "bob", prompt = "x" })).Status);
            }
        }

        await world.AssertBobIsAsHeWasAsync();
    }

    [Theory]
    [InlineData("bob")]
    [InlineData("BOB")]
    [InlineData("%62ob")]
    [InlineData("%2562ob")]
    [InlineData("bob%20")]
    [InlineData("bob%2F..%2Fann")]
    [InlineData("ann%00")]
    [InlineData("system:bob")]
    public async Task A_name_in_the_address_is_refused_unless_it_is_ones_own(string spelling)
    {
        await using var world = await World.StartAsync();
        foreach (var route in OfUsers.Where(route => route.NamesUser))
        {
            var reply = await world.SendAsync(route with { Template = route.Template.Replace("{userId}", spelling, StringComparison.Ordinal) }, world.BobsImage, "", world.Ann, new { });
            Assert.True(reply.Status is 400 or 403 or 404, $"{route.Function} answered {reply.Status} to {spelling}.");
        }

        await world.AssertBobIsAsHeWasAsync();
    }

    [Fact]
    public async Task An_image_of_another_user_is_not_there_however_its_id_is_written()
    {
        await using var world = await World.StartAsync();
        var id = world.BobsImage;
        string[] ids =
        [
            id, id.ToUpperInvariant(), string.Concat(id.Select(unit => $"%{(int)unit:x2}")), string.Concat(id.Select(unit => $"%25{(int)unit:x2}")), id + "%2F", "..%2F" + id, "..%2Fbob%2F" + id, "bob%2F" + id,
            "bob%7C" + id, "%2E%2E%2F" + id, "%252E%252E%252F" + id, "ann%2F..%2Fbob%2F" + id, id + "%00", "%20" + id, id + "%20", id + "%3FuserId=bob", id + "%23", "imageof%7C" + id, "image%7C" + id, id[..31], id + id, "*",
        ];
        foreach (var spelling in ids)
        {
            foreach (var route in OfUsers.Where(route => route.Template.Contains("{id}", StringComparison.Ordinal) && route.Template.StartsWith("images", StringComparison.Ordinal)))
            {
                var reply = await world.SendAsync(route, spelling, "", world.Ann, new { size = "a4", selected = true });
                Assert.True(reply.Status is 404 or 400, $"{route.Function} answered {reply.Status} to {spelling}.");
            }
        }

        await world.AssertBobIsAsHeWasAsync();
    }

    [Fact]
    public async Task Anothers_chats_alerts_orders_and_teams_are_not_there_and_the_same_name_is_another_thing_of_ones_own()
    {
        await using var world = await World.StartAsync();
        foreach (var path in new[] { "usage/chat/" + World.BobsChat, "usage/chat/bob%7C" + World.BobsChat, "usage/chat/..%2Fbob%2F" + World.BobsChat, "usage/chat/" + World.BobsChat + "%00", "teams" })
        {
            var reply = await world.App.GetAsync(path, world.Ann);
            Assert.True(reply.Status is 404 or 400, $"{path} answered {reply.Status} {reply.Body}.");
        }

        Assert.Equal(404, (await world.App.SendAsync(HttpMethod.Post, $"subscription/alerts/{world.BobsAlert}/mark-read", change: world.Ann)).Status);
        Assert.Empty((await world.App.GetAsync("credits/orders", world.Ann)).Body.GetProperty("orders").EnumerateArray());
        Assert.Empty((await world.App.GetAsync("subscription/alerts/ann", world.Ann)).Body.GetProperty("data").GetProperty("alerts").EnumerateArray());
        foreach (var verb in new[] { HttpMethod.Put, HttpMethod.Delete })
        {
            Assert.Equal(404, (await world.App.SendAsync(verb, "teams/members/bea", verb == HttpMethod.Put ? new { monthlyCap = 1 } : null, change: world.Ann)).Status);
        }

        Assert.Equal(200, (await world.App.SendAsync(HttpMethod.Post, "complete", new { prompt = "x", chatId = World.BobsChat, useCache = false, model = "OPUS_4" }, change: world.Ann)).Status);
        Assert.Equal(1, (await world.App.GetAsync("usage/chat/" + World.BobsChat, world.Ann)).Number("calls"));
        await world.AssertBobIsAsHeWasAsync();
    }

    [Fact]
    public async Task Routes_that_walk_out_of_themselves_lead_to_nothing_of_anybodys()
    {
        await using var world = await World.StartAsync();
        foreach (var path in new[] { "images/../balance?userId=bob", "balance/%2e%2e/credits?userId=bob", "images/..%2fcredits?userId=bob", "BALANCE?userId=bob", "balance/?userId=bob", "balance;userId=bob", "Manage/Users/bob/credits", "x/../manage/users/bob/credits" })
        {
            var reply = await world.App.GetAsync(path, world.Ann);
            Assert.True(reply.Status is 400 or 401 or 403 or 404 || reply.Text("userId") == "ann", $"{path} answered {reply.Status} {reply.Body}.");
        }

        await world.AssertBobIsAsHeWasAsync();
    }

    [Fact]
    public async Task Another_users_idempotency_key_replays_nothing()
    {
        await using var world = await World.StartAsync();
        Task<Reply> AskAsync(Action<HttpRequestMessage> who) =>
            world.App.SendAsync(HttpMethod.Post, "complete", new { prompt = "a secret", useCache = false, model = "OPUS_4" }, change: All(who, Header("Idempotency-Key", "k")));

        var (bobs, anns) = (await AskAsync(world.Bob), await AskAsync(world.Ann));

        Assert.Equal((200, 200), (bobs.Status, anns.Status));
        Assert.False(anns.Headers.ContainsKey("Idempotent-Replayed"));
        Assert.NotEqual(bobs.Headers["x-operation-id"], anns.Headers["x-operation-id"]);
    }

    [Fact]
    public async Task On_a_developers_machine_names_that_only_look_alike_are_different_users()
    {
        await using var app = await TestApp.StartAsync();
        await app.GiveAsync("bob", 500);

        foreach (var name in new[] { "BOB", "Bob", "bob%2F", "bob%7C", "./bob", "ann%2F..%2Fbob", "bob%3D", "bob%3D002F", "bob.", "b%C3%B6b" })
        {
            var reply = await app.GetAsync("credits?userId=" + name);
            Assert.True(reply.Status == 200 && reply.Number("credits") == 10, $"{name} answered {reply.Status} {reply.Body}.");
        }
    }

    /// <summary>Bob has something of everything, but a team, which is Bea's.</summary>
    private sealed class World : IAsyncDisposable
    {
        public const string BobsChat = "bobs-chat";

        private static readonly string[] OfBob =
        [
            "credits", "credits/history", "credits/orders", "credits/auto-topup", "ai-credits-status", "notifications/preferences", "usage/chat/" + BobsChat,
            "subscription/user/bob/subscription", "subscription/alerts/bob", "credits/referral",
        ];

        private readonly StripeStandIn stripe;
        private string before = "";

        private World(TestApp app, StripeStandIn stripe) => (App, this.stripe) = (app, stripe);

        public TestApp App { get; }

        public Action<HttpRequestMessage> Ann { get; private set; } = _ => { };

        public Action<HttpRequestMessage> AnnsToken { get; private set; } = _ => { };

        public Action<HttpRequestMessage> Bob { get; private set; } = _ => { };

        public string BobsImage { get; private set; } = "";

        public string BobsAlert { get; private set; } = "";

        private Action<HttpRequestMessage> Bea { get; set; } = _ => { };

        public static async Task<World> StartAsync()
        {
            var vendor = await StripeStandIn.StartAsync();
            var settings = new Dictionary<string, string?>(Keyed)
            {
                ["Payments:Stripe:BaseUrl"] = vendor.BaseUrl,
                ["Payments:Stripe:SecretKey"] = StripeStandIn.SecretKey,
                ["Payments:Stripe:WebhookSecret"] = StripeStandIn.WebhookSecret,
            };
            var world = new World(await TestApp.StartAsync(settings), vendor);
            (world.Ann, world.AnnsToken, world.Bob) = (Bearer(await world.App.KeyAsync("ann")), Bearer(await world.App.TokenAsync("ann")), Bearer(await world.App.KeyAsync("bob")));
            await world.LiveAsync();
            world.before = await world.BobAsync();
            return world;
        }

        public Task<Reply> SendAsync(FuzzRoute route, string id, string query, Action<HttpRequestMessage> change, object body) => App.SendAsync(
            new HttpMethod(route.Verb), $"{route.Template.Replace("{id}", id, StringComparison.Ordinal).Replace("{alertId}", BobsAlert, StringComparison.Ordinal).Replace("{chatId}", BobsChat, StringComparison.Ordinal).Replace("{userId}", "ann", StringComparison.Ordinal)}?{query}", route.HasBody ? body : null, change: change);

        public async Task AssertBobIsAsHeWasAsync() => Assert.Equal(before, await BobAsync());

        public async ValueTask DisposeAsync()
        {
            await App.DisposeAsync();
            await stripe.DisposeAsync();
        }

        private async Task LiveAsync()
        {
            // So low that there is an alert, and then rich.
            await App.GiveAsync("bob", -9.9m);
            await App.GiveAsync("bob", 500);
            BobsAlert = (await App.GetAsync("subscription/alerts/bob", Bob)).Body.GetProperty("data").GetProperty("alerts")[0].GetProperty("id").GetString()!;
            BobsImage = (await DoAsync("POST", "ai-preview-image", new { prompt = "only bob has this" }, Bob)).Text("imageId")!;
            await DoAsync("POST", "complete", new { prompt = "only bob asks this", chatId = BobsChat, model = "OPUS_4" }, Bob);
            await DoAsync("POST", "credits/purchase", new { packageId = "starter" }, Bob);
            await DoAsync("PUT", "credits/auto-topup", new { enabled = true, thresholdCredits = 20, packageId = "starter", monthlyLimitUsd = 50 }, Bob);
            await DoAsync("PUT", "notifications/preferences", new { webhookUrl = "https://bob.example/hooks" }, Bob);
            await App.SubscribeAsync("bob", "premium");
            Bea = Bearer(await App.KeyAsync("bea"));
            await DoAsync("POST", "teams", new { name = "Foxes" }, Bea);
            await DoAsync("PUT", "notifications/preferences", new { webhookUrl = "https://bea.example/hooks" }, Bea);
        }

        private async Task<Reply> DoAsync(string verb, string path, object body, Action<HttpRequestMessage> who)
        {
            var reply = await App.SendAsync(new HttpMethod(verb), path, body, change: who);
            Assert.True(reply.Status is 200 or 201 || path == "credits/auto-topup", $"{path} answered {reply.Status} {reply.Body}.");
            return reply;
        }

        // All but the signatures of URLs, which are made anew.
        private async Task<string> BobAsync()
        {
            var image = (await App.GetAsync("images/" + BobsImage, Bob)).Body;
            var parts = new List<string> { string.Join(',', image.EnumerateObject().Where(field => field.Name != "imageUrl").Select(field => field.ToString())) };
            foreach (var (path, who) in OfBob.Select(path => (path, Bob)).Append(("teams", Bea)).Append(("notifications/preferences", Bea)))
            {
                var reply = await App.GetAsync(path, who);
                Assert.Equal(200, reply.Status);
                parts.Add($"{path}: {reply.Body}");
            }

            return string.Join('\n', parts);
        }
    }
}
