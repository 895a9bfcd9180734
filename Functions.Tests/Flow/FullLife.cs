namespace ServerlessAi.Tests.Flow;

/// <summary>Ann leaves traces wherever a user can: with vendors, friends, codes, payments, teams. What must not be found of her later has her name in it.</summary>
internal static class FullLife
{
    /// <summary>What she wrote to others, or wrote down for herself.</summary>
    public const string Words = "of ann";

    public static readonly Dictionary<string, string?> Settings = new(StringComparer.Ordinal)
    {
        ["Notifications:Smtp:Host"] = "127.0.0.1",
        ["Notifications:Smtp:From"] = "app@example.com",
    };

    public static async Task LiveAsync(TestApp app)
    {
        await SetUpAsync(app);
        await AskAsync(app);
        await TradeAsync(app);
        await ShareAsync(app);
    }

    private static async Task SetUpAsync(TestApp app)
    {
        await app.GiveAsync("ann", 50);
        await app.SubscribeAsync("ann", "premium");
        await OkAsync(app.PostAsync("manage/keys", new { userId = "ann", name = "ann's laptop" }, app.Admin));
        // The address waits to be confirmed.
        await OkAsync(app.SendAsync(HttpMethod.Put, "notifications/preferences?userId=ann", new { email = "ann@example.com", webhookUrl = "https://ann.example.com/hook" }));
    }

    private static async Task AskAsync(TestApp app)
    {
        await OkAsync(app.ImageAsync("ann", "a fox"));
        await OkAsync(app.ImageAsync("bob", "an owl"));
        Assert.True((await OkAsync(app.ImageAsync("ann", "an owl"))).Flag("cached"));
        var chat = new { model = "openai-gpt-4.1", user = "customer-7", metadata = new { chatId = Words }, messages = new[] { new { role = "user", content = "hello" } } };
        await OkAsync(app.SendAsync(HttpMethod.Post, "v1/chat/completions?userId=ann", chat, change: Key("ann's key")));
    }

    /// <summary>Ann was referred by bob, cy and dan by her; she buys, gives, is given, and redeems.</summary>
    private static async Task TradeAsync(TestApp app)
    {
        await app.GiveAsync("bob", 30);
        await ReferAsync(app, "ann", by: "bob");
        await ReferAsync(app, "cy", by: "ann");
        await ReferAsync(app, "dan", by: "ann");
        await BuyAsync(app, "ann");
        await BuyAsync(app, "cy");
        await OkAsync(app.SendAsync(HttpMethod.Post, "credits/gift", new { userId = "ann", toUserId = "bob", amount = 5 }, change: Key("gift")));
        await OkAsync(app.PostAsync("credits/gift", new { userId = "bob", toUserId = "ann", amount = 5 }));
        await OkAsync(app.PostAsync("manage/codes", new { id = "five", kind = "credits", value = 5 }, app.Admin));
        await OkAsync(app.PostAsync("credits/redeem", new { userId = "ann", code = "five" }));
    }

    /// <summary>She has left one team, in which one of her requests failed, and belongs to another. She founded one herself before.</summary>
    private static async Task ShareAsync(TestApp app)
    {
        await OkAsync(app.PostAsync("teams", new { userId = "ann", name = "Owls" }));
        await OkAsync(app.PostAsync("teams/invites", new { userId = "ann" }));
        await OkAsync(app.SendAsync(HttpMethod.Delete, "teams/members/ann?userId=ann"));
        foreach (var owner in new[] { "olga", "otto" })
        {
            var team = (await OkAsync(app.PostAsync("teams", new { userId = owner, name = "Foxes" }))).Text("teamId")!;
            await app.GiveAsync(team, 100);
            var code = (await OkAsync(app.PostAsync("teams/invites", new { userId = owner, monthlyCap = 50 }))).Text("code");
            await OkAsync(app.PostAsync("teams/join", new { userId = "ann", code }));
            await OkAsync(app.CompleteAsync("ann", "a poem for " + owner));
            if (owner == "olga")
            {
                await OkAsync(app.SendAsync(HttpMethod.Delete, "teams/members/ann?userId=ann"));
            }
        }
    }

    public static Action<HttpRequestMessage> Key(string key) => request => request.Headers.Add("Idempotency-Key", key);

    private static async Task ReferAsync(TestApp app, string user, string by)
    {
        var code = (await OkAsync(app.GetAsync("credits/referral?userId=" + by))).Text("code");
        await OkAsync(app.PostAsync("credits/referral", new { userId = user, code }));
    }

    private static async Task BuyAsync(TestApp app, string user)
    {
        var order = await OkAsync(app.PostAsync("credits/purchase", new { userId = user, packageId = "starter" }));
        await OkAsync(app.SendAsync(HttpMethod.Post, new Uri(order.Text("checkoutUrl")!).PathAndQuery + "&decision=pay"));
    }

    private static async Task<Reply> OkAsync(Task<Reply> asked)
    {
        var reply = await asked;
        Assert.True(reply.Status is 200 or 201, $"{reply.Status} {reply.Body}");
        return reply;
    }
}
