using ServerlessAi.Accounts;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Privacy;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Payments;

/// <summary>What was begun for an account and comes to it after it was deleted: nothing of it opens a new one.</summary>
public sealed class DeletedAccountTests
{
    [Fact]
    public async Task What_is_paid_after_the_account_was_deleted_goes_back_to_the_payer()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAsync("ann");
        await DeleteAsync(shop.App, "ann");

        Assert.Equal(200, (await shop.SendAsync(shop.Completed(order))).Status);
        Assert.Equal(200, (await shop.SendAsync(shop.Completed(order))).Status);
        await shop.TickAsync();

        var seen = await shop.OrderAsync("ann");
        Assert.Equal(("refunded", 5), (seen.GetProperty("order").GetProperty("status").GetString(), seen.GetProperty("order").GetProperty("refunded").GetDecimal()));
        Assert.Equal("paid back: the account was deleted", Assert.Single(seen.GetProperty("notes").EnumerateArray()).GetString());
        Assert.Single(shop.Stripe.Requests, request => request.Path == "/v1/refunds");
        Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync("ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task The_same_on_a_developers_machine()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var running = app;
        var order = await app.PostAsync("credits/purchase", new { userId = "ann", packageId = "starter" });
        await DeleteAsync(app, "ann");

        var paid = await app.SendAsync(HttpMethod.Post, new Uri(order.Text("checkoutUrl")!).PathAndQuery + "&decision=pay");

        Assert.Equal((200, "refunded", 5), (paid.Status, paid.Text("status"), paid.Number("refunded")));
        Assert.Null(await app.Get<AccountStore>().ReadStoredAsync("ann"));
    }

    [Fact]
    public async Task A_closed_account_that_is_not_erased_yet_gets_its_money_back_too()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.GetAsync("credits?userId=ann");
        var order = await shop.BuyAsync("ann");
        await shop.App.GiveAsync("ann", 1);
        Assert.IsType<Closed>(await shop.App.Get<AccountStore>().ExecuteAsync("ann", new Close("close", (await shop.App.Get<AccountStore>().ReadStoredAsync("ann"))!.CreatedAt, IsCopied: false)));

        await shop.SendAsync(shop.Completed(order));

        Assert.Equal("refunded", (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_refund_that_arrived_long_ago_is_found_at_Stripe_and_not_made_again()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAsync("ann");
        var completed = shop.Completed(order);
        await DeleteAsync(shop.App, "ann");
        // Its reply was lost, and Stripe has forgotten the key since.
        shop.Stripe.Objects[shop.PaymentOf(order)]["amount_refunded"] = 500L;

        Assert.Equal(200, (await shop.SendAsync(completed)).Status);

        Assert.Equal("refunded", (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("status").GetString());
        Assert.DoesNotContain(shop.Stripe.Objects.Values, made => (string)made["object"]! == "refund");
    }

    [Fact]
    public async Task A_refund_that_Stripe_cannot_make_now_is_made_later_and_nobody_waits_behind_it()
    {
        await using var shop = await Shop.OpenAsync();
        var completed = shop.Completed(await shop.BuyAsync("ann"));
        await DeleteAsync(shop.App, "ann");
        shop.Stripe.Script("/v1/refunds", [.. Enumerable.Repeat(StripeStandIn.Error(500, "api_error", code: null, "No."), 3), Behaviour.Success]);
        Assert.Equal(502, (await shop.SendAsync(completed)).Status);
        shop.App.Clock.Advance(TimeSpan.FromMinutes(31));
        await shop.App.Get<Agenda>().AddAsync(TaskKind.Order, "zoe", "another", shop.App.Clock.GetUtcNow() - TimeSpan.FromMinutes(1), default);
        await shop.TickAsync();
        var due = await shop.App.Get<Agenda>().ReadDueAsync(TaskKind.Order, shop.App.Clock.GetUtcNow(), default);
        Assert.Equal(["zoe", "ann"], due.Select(item => item.AccountId));

        await shop.TickAsync();
        await shop.TickAsync();

        Assert.Equal("refunded", (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Whoever_comes_back_gets_what_they_buy_then_and_a_refund_of_before_takes_nothing()
    {
        await using var shop = await Shop.OpenAsync();
        var before = await shop.BuyAndPayAsync("ann");
        await DeleteAsync(shop.App, "ann");
        shop.App.Clock.Advance(TimeSpan.FromMinutes(1));

        await shop.BuyAndPayAsync("ann");
        Assert.Equal(200, (await shop.SendAsync(shop.Refunded(before, 500))).Status);

        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Whoever_comes_back_is_not_deleted_again_by_what_was_left_of_the_first_time()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.BuyAndPayAsync("ann");
        shop.App.Clock.Advance(ErasedRows.Settling);
        // All is done, and the last thing fails: to say so.
        shop.Storage.Faults = request => (request.IsTransaction || request.Method == "DELETE") && request.Table.EndsWith("erasures", StringComparison.Ordinal) ? Fault.Busy503 : Fault.None;
        await shop.App.SendAsync(HttpMethod.Delete, "account?userId=ann");
        shop.Storage.Faults = _ => Fault.None;
        shop.App.Clock.Advance(TimeSpan.FromMinutes(1));
        await shop.BuyAndPayAsync("ann");

        await shop.App.Get<Erasures>().FinishAllAsync(default);
        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
        await DeleteAsync(shop.App, "ann");

        Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync("ann"));
        Assert.Equal(100, (await shop.App.GetAsync("manage/audit", shop.App.Admin)).Number("purchased"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Whoever_comes_back_redeems_no_code_again_and_is_topped_up_all_the_same()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("manage/codes", new { id = "five", kind = "credits", value = 5 }, shop.App.Admin);
        Assert.Equal(200, (await shop.App.PostAsync("credits/redeem", new { userId = "ann", code = "five" })).Status);
        await TopUpAsync(shop);
        await DeleteAsync(shop.App, "ann");
        shop.App.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal((409, "conflict"), (await shop.App.PostAsync("credits/redeem", new { userId = "ann", code = "five" })) is var again ? (again.Status, again.Code) : default);
        Assert.Equal(0, (await shop.App.GetAsync("credits?userId=ann")).Number("credits"));
        await TopUpAsync(shop);

        Assert.Equal(1_000, shop.Stripe.ChargedCents);
        await shop.AssertConservedAsync();

        static async Task TopUpAsync(Shop shop)
        {
            var setting = new { userId = "ann", enabled = true, thresholdCredits = 20, packageId = "starter", monthlyLimitUsd = 20 };
            await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", setting);
            await shop.BuyAndPayAsync("ann");
            Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", setting)).Status);
            await shop.App.GiveAsync("ann", -(await shop.App.GetAsync("credits?userId=ann")).Number("credits"));
            await shop.TickAsync();
            await shop.TickAsync();
        }
    }

    [Fact]
    public async Task A_gift_to_somebody_who_is_deleted_before_it_arrives_comes_back_as_what_it_was()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.BuyAndPayAsync("ann");
        await shop.App.GetAsync("credits?userId=bob");
        await shop.App.GiveAsync("bob", 1);
        shop.Storage.Faults = request => request.IsTransaction && IsOf(request, "bob") ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await shop.App.PostAsync("credits/gift", new { userId = "ann", toUserId = "bob", amount = 20 })).Status);
        shop.Storage.Faults = _ => Fault.None;
        Assert.Equal(30, await shop.PaidCreditsAsync("ann"));
        await DeleteAsync(shop.App, "bob");

        await shop.TickAsync();

        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
        Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync("bob"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_gift_arrives_although_its_sender_is_deleted_on_the_way()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.BuyAndPayAsync("ann");
        await shop.BuyAndPayAsync("bob");
        shop.Storage.Faults = request => request.IsTransaction && IsOf(request, "bob") ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await shop.App.PostAsync("credits/gift", new { userId = "ann", toUserId = "bob", amount = 20 })).Status);
        shop.Storage.Faults = _ => Fault.None;

        await DeleteAsync(shop.App, "ann");

        Assert.Equal(70, (await shop.App.GetAsync("credits?userId=bob")).Number("credits") - 10);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_gift_that_cannot_arrive_before_its_sender_is_gone_arrives_later_and_leaves_no_trace_of_them()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.BuyAndPayAsync("ann");
        await shop.BuyAndPayAsync("bob");
        shop.Storage.Faults = request => request.IsTransaction && IsOf(request, "bob") ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await shop.App.PostAsync("credits/gift", new { userId = "ann", toUserId = "bob", amount = 20 })).Status);
        await DeleteAsync(shop.App, "ann");
        Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync("ann"));
        shop.Storage.Faults = _ => Fault.None;

        await shop.TickAsync();

        Assert.Equal(80, (await shop.App.GetAsync("credits?userId=bob")).Number("credits"));
        Assert.Empty(await TransfersAsync(shop));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Whoever_comes_back_gives_again_under_a_key_of_before()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.BuyAndPayAsync("bob");
        foreach (var expected in new[] { 80, 100 })
        {
            await shop.BuyAndPayAsync("ann");
            var given = await shop.App.SendAsync(HttpMethod.Post, "credits/gift", new { userId = "ann", toUserId = "bob", amount = 20 }, change: Shop.Key("k"));
            Assert.Equal((200, expected), (given.Status, (await shop.App.GetAsync("credits?userId=bob")).Number("credits")));
            await DeleteAsync(shop.App, "ann");
            shop.App.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Empty(await TransfersAsync(shop));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Neither_who_was_given_something_nor_who_was_referred_stands_in_the_others_rows()
    {
        await using var shop = await Shop.OpenAsync();
        var code = (await shop.App.GetAsync("credits/referral?userId=bob")).Text("code");
        await shop.App.GiveAsync("bob", 1);
        await shop.App.PostAsync("credits/referral", new { userId = "ann", code });
        await shop.BuyAndPayAsync("ann");
        await shop.BuyAndPayAsync("cy");
        var request = new { userId = "cy", toUserId = "ann", amount = 20, message = "Enjoy" };
        var given = await shop.App.SendAsync(HttpMethod.Post, "credits/gift", request, change: Shop.Key("k"));

        Assert.DoesNotContain("ann", Assert.Single(await TransfersAsync(shop)), StringComparison.Ordinal);
        Assert.DoesNotContain("ann", (await shop.App.GetAsync("credits/history?userId=bob")).Body.ToString(), StringComparison.Ordinal);
        Assert.True((await shop.App.GetAsync("credits/referral?userId=ann")).Flag("wasReferred"));
        var again = await shop.App.SendAsync(HttpMethod.Post, "credits/gift", request, change: Shop.Key("k"));
        Assert.Equal(given.Body.ToString(), again.Body.ToString());
        Assert.Contains("\"toUserId\":\"ann\"", again.Body.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_is_rewarded_who_was_forgotten_and_their_code_is_nobodys()
    {
        await using var shop = await Shop.OpenAsync();
        var code = (await shop.App.GetAsync("credits/referral?userId=bob")).Text("code");
        await shop.App.GiveAsync("bob", 1);
        Assert.Equal(200, (await shop.App.PostAsync("credits/referral", new { userId = "ann", code })).Status);
        await DeleteAsync(shop.App, "bob");

        await shop.BuyAndPayAsync("ann");

        Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync("bob"));
        Assert.Equal(65, (await shop.App.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Equal(404, (await shop.App.PostAsync("credits/referral", new { userId = "cem", code })).Status);
    }

    private static async Task<List<string>> TransfersAsync(Shop shop)
    {
        var client = await shop.App.Get<ServerlessAi.Storage.Tables>().GetAsync(ServerlessAi.Storage.TableNames.Transfers);
        return await client.QueryAsync<Azure.Data.Tables.TableEntity>().Select(row => row.GetString("Body")).ToListAsync();
    }

    private static bool IsOf(SimulatedRequest request, string partition) => string.Equals(request.Partition, partition, StringComparison.Ordinal);

    // Not of a moment ago: the state of such an account stays for a while, closed.
    private static async Task DeleteAsync(TestApp app, string user)
    {
        app.Clock.Advance(ErasedRows.Settling + TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=" + user)).Status);
    }
}
