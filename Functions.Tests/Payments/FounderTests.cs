using System.Text.Json.Nodes;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;
using ServerlessAi.Primitives;
using ServerlessAi.Privacy;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Payments;

/// <summary>A team whose founder is forgotten: it keeps what it has, and nobody is charged for it by themselves any more.</summary>
public sealed class FounderTests
{
    private static readonly string TeamId = TeamAccounts.Of("owner");

    private static readonly object Low = new { userId = "owner", enabled = true, thresholdCredits = 20, packageId = "starter", monthlyLimitUsd = 50 };

    [Fact]
    public async Task A_team_whose_founder_is_forgotten_keeps_its_credits_and_is_never_charged_again()
    {
        await using var shop = await FoundAsync();
        Assert.Equal(350, await CreditsAsync(shop, "ann"));

        await ForgetAsync(shop, "owner");

        Assert.Equal(350, await CreditsAsync(shop, "ann"));
        await AssertWoundUpAsync(shop);
        var billing = await shop.App.GetAsync($"manage/users/{TeamId}/subscription", shop.App.Admin);
        Assert.Equal(("basic", true), (billing.Text("plan"), billing.Flag("is_active")));
        await LiveOnAsync(shop);
        Assert.Equal(0, shop.Stripe.ChargedCents);
        Assert.Equal("free", (await shop.App.GetAsync($"manage/users/{TeamId}/subscription", shop.App.Admin)).Text("plan"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task So_is_one_that_its_founder_had_left_for_another()
    {
        await using var shop = await FoundAsync();
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Delete, "teams/members/owner?userId=owner")).Status);
        await shop.App.PostAsync("teams", new { userId = "bob", name = "Owls" });
        await JoinAsync(shop, "bob", "owner");

        await ForgetAsync(shop, "owner");

        await AssertWoundUpAsync(shop);
        Assert.DoesNotContain("owner", (await shop.App.GetAsync("teams?userId=bob")).Body.GetProperty("members").ToString(), StringComparison.Ordinal);
        await LiveOnAsync(shop);
        Assert.Equal(0, shop.Stripe.ChargedCents);
    }

    [Fact]
    public async Task What_storage_kept_from_being_done_is_done_by_the_timer()
    {
        var (isAlwaysThere, written) = (false, 0);
        for (var nth = 1; !isAlwaysThere; nth += 2)
        {
            await using var shop = await FoundAsync();
            shop.App.Clock.Advance(ErasedRows.Settling + TimeSpan.FromSeconds(1));
            var count = 0;
            shop.Storage.Faults = _ => ++count >= nth && count < nth + 6 ? Fault.Busy503 : Fault.None;
            var reply = await shop.App.SendAsync(HttpMethod.Delete, "account?userId=owner");
            isAlwaysThere = count < nth;
            shop.Storage.Faults = _ => Fault.None;
            Assert.True(reply.Status is 200 or 503, $"{nth}: {reply.Status}");
            // Refused before the wish was written down, or when it was already carried out to the end.
            var isWritten = reply.Status == 200 || await WishesAsync(shop) > 0;
            written += isWritten ? 1 : 0;
            await shop.App.Get<Erasures>().FinishAllAsync(default);
            if (isWritten)
            {
                await AssertWoundUpAsync(shop);
                Assert.DoesNotContain("owner", await MembersAsync(shop));
                Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync("owner"));
            }

            Assert.Equal(350, await CreditsAsync(shop, "ann"));
            await shop.AssertConservedAsync();
        }

        Assert.True(written > 10, $"{written}");
    }

    [Fact]
    public async Task Whose_team_cannot_forget_them_now_is_told_so_and_forgotten_soon()
    {
        await using var shop = await FoundAsync();
        shop.Storage.Faults = request => request.IsTransaction && request.Partition == TeamId ? Fault.Busy503 : Fault.None;

        Assert.Equal(503, (await shop.App.SendAsync(HttpMethod.Delete, "account?userId=owner")).Status);
        shop.Storage.Faults = _ => Fault.None;
        await shop.App.Get<Erasures>().FinishAllAsync(default);

        Assert.Equal(["ann"], await MembersAsync(shop));
        await AssertWoundUpAsync(shop);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_charge_that_was_under_way_goes_back(bool isRenewal)
    {
        await using var shop = await FoundAsync();
        shop.Stripe.Script("/v1/payment_intents", Behaviour.Reset, StripeStandIn.Error(429, "api_error", "rate_limit", "Slow down."), Behaviour.Success);
        if (isRenewal)
        {
            shop.App.Clock.Advance(TimeSpan.FromDays(31));
            await shop.RenewAsync();
        }
        else
        {
            await shop.App.GiveAsync(TeamId, -340);
            await shop.TickAsync();
        }

        Assert.Contains(shop.Stripe.Requests, request => request.Path == "/v1/payment_intents");
        var before = await CreditsAsync(shop, "ann");
        await ForgetAsync(shop, "owner");
        for (var minute = 0; minute < 5; minute++)
        {
            shop.App.Clock.Advance(TimeSpan.FromMinutes(1));
            await shop.TickAsync();
            await shop.RenewAsync();
        }

        Assert.Equal((isRenewal ? 2_900 : 500, 0), (shop.Stripe.ChargedCents, NetChargedCents(shop)));
        Assert.Equal(before, await CreditsAsync(shop, "ann"));
        var orders = (await shop.App.GetAsync("manage/orders?userId=" + TeamId, shop.App.Admin)).Body.GetProperty("orders").EnumerateArray();
        Assert.Equal("paid back: the team's founder was deleted", Assert.Single(orders.SelectMany(order => order.GetProperty("notes").EnumerateArray())).GetString());
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_page_that_is_paid_late_buys_the_members_credits_but_no_plan_that_nobody_could_end()
    {
        await using var shop = await FoundAsync(hasPlan: false);
        var (plan, package) = (await shop.App.PostAsync("subscription/checkout", new { userId = "owner", plan = "basic" }), await shop.BuyAsync("owner"));
        await ForgetAsync(shop, "owner");

        await shop.SendAsync(shop.Completed(plan));
        await shop.SendAsync(shop.Completed(package));

        Assert.Equal(100, await CreditsAsync(shop, "ann"));
        var orders = (await shop.App.GetAsync("manage/orders?userId=" + TeamId, shop.App.Admin)).Body.GetProperty("orders").EnumerateArray().ToDictionary(order => order.GetProperty("order").GetProperty("orderId").GetString()!, order => order.GetProperty("order"));
        Assert.Equal(("refunded", 29), (orders[plan.Text("orderId")!].GetProperty("status").GetString(), orders[plan.Text("orderId")!].GetProperty("refunded").GetDecimal()));
        Assert.Equal("fulfilled", orders[package.Text("orderId")!].GetProperty("status").GetString());
        Assert.Null((await PayerAsync(shop))!.CustomerId);
        await LiveOnAsync(shop);
        Assert.Equal(0, shop.Stripe.ChargedCents);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Whoever_comes_back_finds_the_team_as_it_was_left_and_agrees_anew()
    {
        await using var shop = await FoundAsync(hasPlan: false);
        await using var other = await shop.OpenAnotherAsync();
        var late = await shop.App.PostAsync("subscription/checkout", new { userId = "owner", plan = "basic" });
        await ForgetAsync(shop, "owner");
        shop.App.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await shop.App.PostAsync("teams", new { userId = "owner", name = "Foxes" })).Status);
        Assert.Equal(50, await CreditsAsync(shop, "owner"));
        Assert.Equal((false, null), (await shop.App.GetAsync("credits/auto-topup?userId=owner")) is var off ? (off.Flag("enabled"), off.Text("disabledReason")) : default);

        await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", Low);
        await shop.BuyAndPayAsync("owner");
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", Low)).Status);
        // What is left of the wish of before does not mean who is there now.
        await Task.WhenAll(shop.App.Get<Erasures>().FinishAllAsync(default), other.Get<Erasures>().FinishAllAsync(default));
        shop.App.Clock.Advance(Erasures.Quiet);
        await shop.App.Get<Erasures>().FinishAllAsync(default);
        await shop.App.GiveAsync(TeamId, -90);
        await shop.TickAsync();
        await shop.SendAsync(shop.Completed(late));

        Assert.Equal((500, 60), (shop.Stripe.ChargedCents, await CreditsAsync(shop, "owner")));
        Assert.Equal(201, (await shop.App.PostAsync("teams/invites", new { userId = "owner" })).Status);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Who_comes_back_by_an_invitation_is_the_founder_again()
    {
        await using var shop = await FoundAsync(hasPlan: false);
        var code = (await shop.App.PostAsync("teams/invites", new { userId = "owner", monthlyCap = 1 })).Text("code");
        await ForgetAsync(shop, "owner");
        shop.App.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(200, (await shop.App.PostAsync("teams/join", new { userId = "owner", code })).Status);

        Assert.Equal(201, (await shop.App.PostAsync("subscription/checkout", new { userId = "owner", plan = "basic" })) is var order ? order.Status : 0);
        await shop.SendAsync(shop.Completed(order));
        Assert.Equal(350, await CreditsAsync(shop, "ann"));
    }

    [Fact]
    public async Task Who_came_back_and_asks_again_is_forgotten_again()
    {
        await using var shop = await FoundAsync();
        await ForgetAsync(shop, "owner");
        await shop.App.PostAsync("teams", new { userId = "owner", name = "Foxes" });

        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Delete, "account?userId=owner")).Status);

        Assert.Equal(["ann"], await MembersAsync(shop));
        await AssertWoundUpAsync(shop);
    }

    [Fact]
    public async Task Requests_that_were_under_way_leave_nothing_behind()
    {
        await using var shop = await FoundAsync();
        await ForgetAsync(shop, "owner");
        // As an instance writes it that had let the founder in before.
        await shop.App.Get<Payers>().ChangeAsync(TeamId, payer => payer with { CustomerId = "cus_late", Gateway = "stripe", TopUp = new AutoTopUp(Enabled: true, 20, "starter", 5_000) }, default);
        await shop.App.Get<Agenda>().AddAsync(TaskKind.TopUp, TeamId, "topup", dueAt: null, default);
        Assert.Equal(409, (await shop.App.Get<ServerlessAi.Payments.PlanPurchases>().SetNextAsync(TeamId, "basic", isCancelled: false, default)).Refusal!.Code == RefusalCodes.Conflict ? 409 : 0);

        shop.App.Clock.Advance(Erasures.Quiet);
        await shop.App.Get<Erasures>().FinishAllAsync(default);

        await AssertWoundUpAsync(shop);
        await LiveOnAsync(shop);
        Assert.Equal(0, shop.Stripe.ChargedCents);
    }

    // A plan for 300 credits and a package for 50, a top-up, an address for news, and a member.
    private static async Task<Shop> FoundAsync(bool hasPlan = true)
    {
        var shop = await Shop.OpenAsync();
        await shop.App.GiveAsync("owner", 1);
        Assert.Equal(200, (await shop.App.PostAsync("teams", new { userId = "owner", name = "Foxes" })).Status);
        await JoinAsync(shop, "owner", "ann");
        Assert.Equal(409, (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", Low)).Status);
        await shop.BuyAndPayAsync("owner");
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", Low)).Status);
        if (hasPlan)
        {
            await shop.SendAsync(shop.Completed(await shop.App.PostAsync("subscription/checkout", new { userId = "owner", plan = "basic" })));
            await shop.RenewAsync();
        }

        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "notifications/preferences", new { userId = "owner", webhookUrl = "https://owner.example/hooks" })).Status);
        return shop;
    }

    private static async Task JoinAsync(Shop shop, string owner, string user)
    {
        var code = (await shop.App.PostAsync("teams/invites", new { userId = owner })).Text("code");
        Assert.Equal(200, (await shop.App.PostAsync("teams/join", new { userId = user, code })).Status);
    }

    private static async Task ForgetAsync(Shop shop, string user)
    {
        shop.App.Clock.Advance(ErasedRows.Settling + TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Delete, "account?userId=" + user)).Status);
    }

    // All that would have been paid for: a low balance, and the plan's next periods.
    private static async Task LiveOnAsync(Shop shop)
    {
        await shop.App.GiveAsync(TeamId, -(await CreditsAsync(shop, "ann")) + 1);
        for (var day = 0; day < 40; day++)
        {
            await shop.TickAsync();
            await shop.RenewAsync();
            shop.App.Clock.Advance(TimeSpan.FromDays(1));
        }
    }

    private static async Task AssertWoundUpAsync(Shop shop)
    {
        Assert.True(await PayerAsync(shop) is null or { CustomerId: null, Gateway: null, TopUp: null, OpenTopUp: null });
        var tables = shop.App.Get<Tables>();
        var (accounts, orders) = (await tables.GetAsync(TableNames.Accounts), await tables.GetAsync(TableNames.Orders));
        Assert.Empty(await accounts.QueryAsync<TableEntity>(row => row.PartitionKey == TeamId && row.RowKey == "notifications").ToListAsync());
        Assert.Empty(await orders.QueryAsync<TableEntity>("(PartitionKey eq '|Renewal' or PartitionKey eq '|TopUp')").ToListAsync());
    }

    private static Task<Payer?> PayerAsync(Shop shop) => shop.App.Get<Payers>().FindAsync(TeamId, default);

    private static async Task<IEnumerable<string>> MembersAsync(Shop shop) => (await shop.App.Get<AccountStore>().ReadStoredAsync(TeamId))!.Members.Keys;

    private static long NetChargedCents(Shop shop) => shop.Stripe.Objects.Values
        .Where(made => (string?)made["object"] == "payment_intent" && (string?)made["status"] == "succeeded" && made["off_session"] is not null)
        .Sum(made => (long)made["amount"]! - (made["amount_refunded"] is JsonNode back ? (long)back : 0));

    private static async Task<int> WishesAsync(Shop shop) => await (await shop.App.Get<Tables>().GetAsync(TableNames.Erasures)).QueryAsync<TableEntity>().CountAsync();

    private static async Task<decimal> CreditsAsync(Shop shop, string user) => (await shop.App.GetAsync("credits?userId=" + user)).Number("credits");
}
