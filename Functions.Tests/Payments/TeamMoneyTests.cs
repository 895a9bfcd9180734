using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Payments;

/// <summary>A team is a payer like any other, and an admin sees to its money by its id.</summary>
public sealed class TeamMoneyTests
{
    private static readonly string TeamId = TeamAccounts.Of("owner");

    [Fact]
    public async Task What_a_team_buys_is_listed_and_paid_back_by_an_admin()
    {
        await using var shop = await Shop.OpenAsync();
        Assert.Equal(200, (await shop.App.PostAsync("teams", new { userId = "owner", name = "Foxes" })).Status);
        var topUp = new { userId = "owner", enabled = true, thresholdCredits = 20, packageId = "starter", monthlyLimitUsd = 50 };
        await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", topUp);
        var bought = await shop.BuyAndPayAsync("owner");
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", topUp)).Status);
        await shop.App.GiveAsync(TeamId, -45);
        shop.App.Clock.Advance(TimeSpan.FromMinutes(1));
        await shop.TickAsync();
        Assert.Equal(55, await CreditsAsync(shop));
        await CheckOutAsync(shop, "starter");
        await CheckOutAsync(shop, "basic");

        var listed = await shop.App.GetAsync($"manage/orders?userId={TeamId}", shop.App.Admin);

        var orders = listed.Body.GetProperty("orders").EnumerateArray().ToList();
        Assert.Equal(["upgrade", "plan", "topUp", "credits"], orders.Select(order => order.GetProperty("order").GetProperty("kind").GetString()));
        Assert.All(orders, order => Assert.Equal((TeamId, "fulfilled"), (order.GetProperty("userId").GetString(), order.GetProperty("order").GetProperty("status").GetString())));
        var before = await CreditsAsync(shop);
        foreach (var order in orders)
        {
            var path = $"manage/orders/{TeamId}/{order.GetProperty("order").GetProperty("orderId").GetString()}/refund";
            Assert.Equal((200, "refunded"), (await shop.App.PostAsync(path, new { }, shop.App.Admin)) is var paidBack ? (paidBack.Status, paidBack.Body.GetProperty("order").GetProperty("status").GetString()) : default);
        }

        Assert.True(await CreditsAsync(shop) < before);
        Assert.Equal("free", (await shop.App.GetAsync($"manage/users/{TeamId}/subscription", shop.App.Admin)).Text("plan"));
        Assert.Equal(404, (await shop.App.PostAsync($"manage/orders/{TeamAccounts.Of("ann")}/{bought.Text("orderId")}/refund", new { }, shop.App.Admin)).Status);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_members_card_pays_for_what_they_buy_and_is_kept_for_nothing()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("teams", new { userId = "owner", name = "Foxes" });
        await shop.App.PostAsync("teams/join", new { userId = "ann", code = (await shop.App.PostAsync("teams/invites", new { userId = "owner" })).Text("code") });
        var topUp = new { userId = "owner", enabled = true, thresholdCredits = 20, packageId = "starter", monthlyLimitUsd = 50 };
        Assert.Equal(409, (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", topUp)).Status);

        await shop.BuyAndPayAsync("ann");
        Assert.Equal((50, 409), (await CreditsAsync(shop), (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", topUp)).Status));
        await shop.BuyAndPayAsync("owner");
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", topUp)).Status);
        var page = await shop.BuyAsync("ann");

        Assert.False(shop.Stripe.Objects[shop.SessionOf(page)].AsObject().ContainsKey("customer") && shop.Stripe.Objects[shop.SessionOf(page)]["customer"] is not null);
    }

    [Fact]
    public async Task A_page_that_saves_the_owners_card_is_shown_to_no_member()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("teams", new { userId = "owner", name = "Foxes" });
        await shop.App.PostAsync("teams/join", new { userId = "ann", code = (await shop.App.PostAsync("teams/invites", new { userId = "owner" })).Text("code") });
        await shop.BuyAsync("owner");
        // From now on whoever pays on the owner's pages is charged for top-ups; and on a plan's for what renews it.
        await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", new { userId = "owner", enabled = true, thresholdCredits = 20, packageId = "starter", monthlyLimitUsd = 50 });
        var packages = await shop.BuyAsync("owner", key: "k");
        var plan = await shop.App.PostAsync("subscription/checkout", new { userId = "owner", plan = "basic" });
        var members = await shop.BuyAsync("ann", key: "k");

        Assert.All([packages, plan, members], order => Assert.Equal((201, true), (order.Status, order.Text("checkoutUrl") is not null)));
        Assert.NotEqual(packages.Text("orderId"), members.Text("orderId"));
        var shownTo = new[] { await PagesAsync(shop, "owner"), await PagesAsync(shop, "ann") };
        Assert.Equal(4, shownTo[0].Count(page => page.Value is not null));
        Assert.Equal(shownTo[0].Keys.Order(), shownTo[1].Keys.Order());
        Assert.Equal(new[] { packages.Text("orderId"), plan.Text("orderId") }.Order(), shownTo[1].Where(page => page.Value is null).Select(page => page.Key).Order());
        Assert.Equal(members.Text("checkoutUrl"), shownTo[1][members.Text("orderId")!]);
    }

    [Fact]
    public async Task A_key_that_is_repeated_in_a_team_is_an_order_of_the_teams_with_a_page_of_its_own()
    {
        await using var shop = await Shop.OpenAsync();
        var own = await shop.BuyAsync("owner", key: "k");
        Assert.Equal(200, (await shop.App.PostAsync("teams", new { userId = "owner", name = "Foxes" })).Status);

        var teams = await shop.BuyAsync("owner", key: "k");
        Assert.Equal(201, teams.Status);
        Assert.NotEqual(own.Text("checkoutUrl"), teams.Text("checkoutUrl"));
        await shop.SendAsync(shop.Completed(teams));
        await shop.SendAsync(shop.Completed(own));

        Assert.Equal(50, await CreditsAsync(shop));
        Assert.Equal(["fulfilled", "fulfilled"], new[] { await shop.OrderAsync("owner"), await shop.OrderAsync(TeamId) }.Select(order => order.GetProperty("order").GetProperty("status").GetString()));
        foreach (var path in new[] { $"manage/orders/owner/{own.Text("orderId")}/refund", $"manage/orders/{TeamId}/{teams.Text("orderId")}/refund" })
        {
            Assert.Equal(200, (await shop.App.PostAsync(path, new { }, shop.App.Admin)).Status);
        }

        Assert.Equal(0, await CreditsAsync(shop));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task An_admin_sees_and_says_where_a_teams_news_go()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("teams", new { userId = "owner", name = "Foxes" });

        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, $"manage/users/{TeamId}/notifications", new { webhookUrl = "https://owner.example/hooks" }, shop.App.Admin)).Status);

        Assert.Equal("https://owner.example/hooks", (await shop.App.GetAsync($"manage/users/{TeamId}/notifications", shop.App.Admin)).Text("webhookUrl"));
        Assert.Equal("https://owner.example/hooks", (await shop.App.GetAsync("notifications/preferences?userId=owner")).Text("webhookUrl"));
    }

    [Fact]
    public async Task A_founder_is_handed_out_how_their_team_pays_and_a_member_is_not()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("teams", new { userId = "owner", name = "Foxes" });
        var code = (await shop.App.PostAsync("teams/invites", new { userId = "owner" })).Text("code");
        await shop.App.PostAsync("teams/join", new { userId = "ann", code });
        await shop.App.SendAsync(HttpMethod.Put, "notifications/preferences", new { userId = "owner", webhookUrl = "https://owner.example/hooks" });
        await CheckOutAsync(shop, "basic");

        var items = (await shop.App.GetAsync("account/export?userId=owner")).Body.GetProperty("items").EnumerateArray().ToList();

        Assert.Equal(TeamId, Assert.Single(items, item => item.GetProperty("kind").GetString() == "payer").GetProperty("id").GetString());
        Assert.Equal(TeamId, Assert.Single(items, item => item.GetProperty("kind").GetString() == "order").GetProperty("data").GetProperty("accountId").GetString());
        var news = Assert.Single(items, item => item.GetProperty("kind").GetString() == "notifications");
        Assert.Equal((TeamId, "https://owner.example/hooks"), (news.GetProperty("id").GetString(), news.GetProperty("data").GetProperty("webhookUrl").GetString()));
        Assert.DoesNotContain("webhookSecret", news.ToString(), StringComparison.OrdinalIgnoreCase);
        var members = (await shop.App.GetAsync("account/export?userId=ann")).Body.ToString();
        Assert.DoesNotContain("owner.example", members, StringComparison.Ordinal);
        Assert.DoesNotContain("\"order\"", members, StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, string?>> PagesAsync(Shop shop, string user) =>
        (await shop.App.GetAsync("credits/orders?userId=" + user)).Body.GetProperty("orders").EnumerateArray().ToDictionary(
            order => order.GetProperty("orderId").GetString()!, order => order.TryGetProperty("checkoutUrl", out var page) ? page.GetString() : null);

    private static async Task CheckOutAsync(Shop shop, string plan)
    {
        shop.App.Clock.Advance(TimeSpan.FromMinutes(1));
        var order = await shop.App.PostAsync("subscription/checkout", new { userId = "owner", plan });
        Assert.Equal(201, order.Status);
        Assert.Equal(200, (await shop.SendAsync(shop.Completed(order))).Status);
    }

    private static async Task<decimal> CreditsAsync(Shop shop) => (await shop.App.GetAsync("credits?userId=owner")).Number("credits");
}
