using System.Text.Json.Nodes;
using ServerlessAi.Accounts;
using ServerlessAi.Tests.Payments;
using Xunit.Abstractions;

namespace ServerlessAi.Tests.Crashes;

/// <summary>Whatever moves money, broken off after each of its requests: charged once, credited once, granted once, and nothing left to do.</summary>
public sealed class DyingShopTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task A_plan_is_bought_once(Mishap mishap) => WhereverAsync(
        mishap,
        _ => Task.CompletedTask,
        async (shop, app) =>
        {
            var order = await app.SendAsync(HttpMethod.Post, "subscription/checkout", new { userId = "ann", plan = "basic" }, change: Shop.Key("k"));
            await PaidAsync(shop, app, order);
        },
        async shop =>
        {
            Assert.Single(shop.Stripe.Objects.Values, made => (string)made["object"]! == "checkout.session");
            Assert.Equal((310, "basic"), (await CreditsAsync(shop, "ann"), await PlanAsync(shop, "ann")));
        });

    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task A_package_bought_with_a_code_is_credited_once_and_takes_one_of_its_uses(Mishap mishap) => WhereverAsync(
        mishap,
        shop => AddCodeAsync(shop, "percent", value: 50),
        async (shop, app) => await PaidAsync(shop, app, await shop.BuyAsync("ann", promoCode: "once", key: "k", at: app)),
        async shop =>
        {
            Assert.Equal(60, await CreditsAsync(shop, "ann"));
            Assert.Equal(2.50m, (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("amount").GetDecimal());
            Assert.Equal(409, (await shop.BuyAsync("bob", promoCode: "once")).Status);
        });

    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task A_renewal_is_charged_once(Mishap mishap) => WhereverAsync(
        mishap,
        async shop =>
        {
            await PlanOfAnnAsync(shop);
            await shop.RenewAsync();
            shop.App.Clock.Advance(TimeSpan.FromDays(31));
        },
        (shop, app) => shop.RenewAsync(app),
        async shop => Assert.Equal((2_900, 310, "basic"), (shop.Stripe.ChargedCents, await CreditsAsync(shop, "ann"), await PlanAsync(shop, "ann"))));

    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task A_top_up_is_charged_once(Mishap mishap) => WhereverAsync(
        mishap,
        async shop =>
        {
            var setting = new { userId = "ann", enabled = true, thresholdCredits = 20, packageId = "starter", monthlyLimitUsd = 20 };
            await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", setting);
            await shop.BuyAndPayAsync("ann");
            Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", setting)).Status);
            await shop.App.GiveAsync("ann", -50);
        },
        (shop, app) => shop.TickAsync(app),
        async shop => Assert.Equal((500, 60), (shop.Stripe.ChargedCents, await CreditsAsync(shop, "ann"))));

    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task A_code_is_redeemed_once(Mishap mishap) => WhereverAsync(
        mishap,
        shop => AddCodeAsync(shop, "credits", value: 5),
        async (_, app) => Assert.Equal(200, (await app.PostAsync("credits/redeem", new { userId = "ann", code = "once" })).Status),
        async shop => Assert.Equal((15, 409), (await CreditsAsync(shop, "ann"), (await shop.App.PostAsync("credits/redeem", new { userId = "bob", code = "once" })).Status)));

    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task Both_have_a_referrals_credits_once(Mishap mishap)
    {
        var happened = new JsonObject();
        return WhereverAsync(
            mishap,
            async shop =>
            {
                var code = (await shop.App.GetAsync("credits/referral?userId=bob")).Text("code");
                Assert.Equal(200, (await shop.App.PostAsync("credits/referral", new { userId = "ann", code })).Status);
                happened = shop.Completed(await shop.BuyAsync("ann"));
            },
            (shop, app) => SentAsync(shop, app, happened),
            async shop => Assert.Equal((65, 15), (await CreditsAsync(shop, "ann"), await CreditsAsync(shop, "bob"))));
    }

    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task A_refund_pays_back_once_and_takes_its_credits_once(Mishap mishap)
    {
        var order = "";
        return WhereverAsync(
            mishap,
            async shop => order = (await shop.BuyAndPayAsync("ann")).Text("orderId")!,
            async (_, app) => Assert.Equal(200, (await app.SendAsync(HttpMethod.Post, $"manage/orders/ann/{order}/refund", new { amount = 2 }, app.Admin, Shop.Key("k"))).Status),
            async shop => Assert.Equal((200, 30), (RefundedCents(shop), await shop.PaidCreditsAsync("ann"))));
    }

    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task A_dispute_takes_the_plan_and_its_credits_once(Mishap mishap)
    {
        var happened = new JsonObject();
        return WhereverAsync(
            mishap,
            async shop => happened = shop.Disputed(await PlanOfAnnAsync(shop), "charge.dispute.created", "needs_response"),
            (shop, app) => SentAsync(shop, app, happened),
            async shop => Assert.Equal((10, "free"), (await CreditsAsync(shop, "ann"), await PlanAsync(shop, "ann"))));
    }

    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task A_dispute_that_is_won_gives_the_plan_and_its_credits_back_once(Mishap mishap)
    {
        var happened = new JsonObject();
        return WhereverAsync(
            mishap,
            async shop =>
            {
                var order = await PlanOfAnnAsync(shop);
                await SentAsync(shop, shop.App, shop.Disputed(order, "charge.dispute.created", "needs_response"));
                happened = shop.Disputed(order, "charge.dispute.closed", "won");
            },
            (shop, app) => SentAsync(shop, app, happened),
            async shop => Assert.Equal((310, "basic"), (await CreditsAsync(shop, "ann"), await PlanAsync(shop, "ann"))));
    }

    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task A_gift_leaves_once_and_arrives_once(Mishap mishap) => WhereverAsync(
        mishap,
        async shop =>
        {
            await shop.BuyAndPayAsync("ann");
            await shop.BuyAndPayAsync("bob");
        },
        async (_, app) => Assert.Equal(200, (await app.SendAsync(HttpMethod.Post, "credits/gift", new { userId = "ann", toUserId = "bob", amount = 20 }, change: Shop.Key("k"))).Status),
        async shop => Assert.Equal((40, 80), (await CreditsAsync(shop, "ann"), await CreditsAsync(shop, "bob"))));

    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task An_account_is_erased_and_its_numbers_are_counted_once(Mishap mishap)
    {
        var before = "";
        return WhereverAsync(
            mishap,
            async shop =>
            {
                await PlanOfAnnAsync(shop);
                await shop.BuyAndPayAsync("ann");
                Assert.Equal(200, (await shop.App.CompleteAsync("ann", "hello")).Status);
                before = await BooksAsync(shop);
            },
            async (_, app) => Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status),
            async shop =>
            {
                Assert.Equal(before, await BooksAsync(shop));
                Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync("ann"));
            });
    }

    [Theory]
    [InlineData(Mishap.Death)]
    [InlineData(Mishap.LostReply)]
    public Task What_is_paid_for_a_deleted_account_goes_back_once(Mishap mishap)
    {
        var happened = new JsonObject();
        return WhereverAsync(
            mishap,
            async shop =>
            {
                happened = shop.Completed(await shop.BuyAsync("ann"));
                Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);
            },
            (shop, app) => SentAsync(shop, app, happened),
            async shop =>
            {
                Assert.Equal((500, "refunded"), (RefundedCents(shop), (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("status").GetString()));
                Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync("ann"));
            });
    }

    private async Task WhereverAsync(Mishap mishap, Func<Shop, Task> prepare, Func<Shop, TestApp, Task> act, Func<Shop, Task> check)
    {
        var requests = await new DyingShop(mishap).EachTimeAsync(prepare, act, check);
        output.WriteLine($"{requests} requests");
        Assert.True(requests > 5, $"Only {requests} requests were broken off.");
    }

    private static Task AddCodeAsync(Shop shop, string kind, int value) =>
        shop.App.PostAsync("manage/codes", new { id = "ONCE", kind, value, max_redemptions = 1 }, shop.App.Admin);

    private static async Task PaidAsync(Shop shop, TestApp app, Reply order)
    {
        Assert.Equal(201, order.Status);
        if (order.Text("checkoutUrl") is not null)
        {
            await SentAsync(shop, app, shop.Completed(order));
        }
    }

    private static async Task SentAsync(Shop shop, TestApp app, JsonObject happened) => Assert.Equal(200, (await shop.SendAsync(happened, app)).Status);

    private static async Task<Reply> PlanOfAnnAsync(Shop shop)
    {
        var order = await shop.App.PostAsync("subscription/checkout", new { userId = "ann", plan = "basic" });
        await PaidAsync(shop, shop.App, order);
        return order;
    }

    private static async Task<decimal> CreditsAsync(Shop shop, string user) => (await shop.App.GetAsync("credits?userId=" + user)).Number("credits");

    private static async Task<string?> PlanAsync(Shop shop, string user) =>
        (await shop.App.GetAsync($"subscription/user/{user}/subscription")).Body.GetProperty("data").GetProperty("subscription").GetProperty("plan").GetString();

    private static long RefundedCents(Shop shop) => shop.Stripe.Objects.Values.Where(made => (string)made["object"]! == "refund").Sum(made => (long)made["amount"]!);

    private static async Task<string> BooksAsync(Shop shop)
    {
        var audit = await shop.App.GetAsync("manage/audit", shop.App.Admin);
        return string.Join(' ', new[] { "accounts", "granted", "purchased", "charged", "costUsd" }.Select(name => $"{name} {audit.Text(name)}"));
    }
}
