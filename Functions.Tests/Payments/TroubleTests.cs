using Azure.Data.Tables;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Payments;

/// <summary>Orders that break off half-way, prices that change under them, and what Stripe answers when it does not do as asked.</summary>
public sealed class TroubleTests
{
    [Fact]
    public async Task The_same_key_takes_the_same_use_of_a_code_and_an_abandoned_one_is_free_again()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("manage/codes", new { id = "ONCE", kind = "percent", value = 50, max_redemptions = 1 }, shop.App.Admin);
        await BreakOffAsync(shop, "ann", key: "k");
        Assert.Equal((409, 409), ((await shop.BuyAsync("bob", promoCode: "once")).Status, (await shop.BuyAsync("ann", promoCode: "once", key: "other")).Status));
        shop.App.Clock.Advance(TimeSpan.FromMinutes(14));

        Assert.Equal(201, (await shop.BuyAsync("ann", promoCode: "once", key: "k")).Status);
        shop.App.Clock.Advance(TimeSpan.FromMinutes(16));
        await shop.TickAsync();
        Assert.Equal(409, (await shop.BuyAsync("bob", promoCode: "once")).Status);

        await shop.App.PostAsync("manage/codes", new { id = "TWICE", kind = "percent", value = 50, max_redemptions = 1 }, shop.App.Admin);
        await BreakOffAsync(shop, "cem", key: "k", code: "twice");
        shop.App.Clock.Advance(TimeSpan.FromMinutes(16));
        await shop.TickAsync();
        Assert.Equal(201, (await shop.BuyAsync("bob", promoCode: "twice")).Status);
    }

    [Fact]
    public async Task A_top_up_costs_what_was_counted_when_it_was_named_whatever_its_package_costs_by_then()
    {
        await using var shop = await Shop.OpenAsync();
        var setting = new { userId = "ann", enabled = true, thresholdCredits = 20, packageId = "starter", monthlyLimitUsd = 12 };
        await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", setting);
        await shop.BuyAndPayAsync("ann");
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", setting)).Status);
        await shop.App.GiveAsync("ann", -50);
        shop.Storage.Faults = request => request.IsTransaction && IsOrder(request, "ann") ? Fault.Busy503 : Fault.None;
        await shop.TickAsync();
        shop.Storage.Faults = _ => Fault.None;

        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "manage/packages/starter", new { price = 11, credits = 40 }, shop.App.Admin)).Status);
        await shop.TickAsync();

        Assert.Equal((500, 60), (shop.Stripe.ChargedCents, (await shop.App.GetAsync("credits?userId=ann")).Number("credits")));
    }

    [Fact]
    public async Task A_page_whose_address_was_lost_is_made_anew_when_it_is_described_otherwise_by_then()
    {
        await using var shop = await Shop.OpenAsync();
        shop.Storage.Faults = request => request is { Method: "PUT" or "MERGE" } && IsOrder(request, "ann") ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await shop.BuyAsync("ann", key: "k")).Status);
        shop.Storage.Faults = _ => Fault.None;
        var deployed = new Dictionary<string, string?> { ["Payments:SuccessUrl"] = "https://new.example.com/paid" };
        await using var other = (await TestApp.StartSimulatedAsync(deployed, sharing: shop.App, storage: shop.Storage)).App;

        var order = await shop.BuyAsync("ann", key: "k", at: other);

        Assert.Equal((201, 2), (order.Status, shop.Stripe.Objects.Count));
        await shop.SendAsync(shop.Completed(order));
        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
    }

    [Fact]
    public async Task An_error_that_Stripe_keeps_under_a_key_does_not_keep_the_page_away_for_a_day()
    {
        await using var shop = await Shop.OpenAsync();
        shop.Stripe.Script("/v1/checkout/sessions", StripeStandIn.Error(500, "api_error", code: null, "No.").With("Idempotent-Replayed", "true"), Behaviour.Success);

        Assert.Equal(201, (await shop.BuyAsync("ann", key: "k")).Status);
    }

    [Fact]
    public async Task A_charge_that_Stripe_refuses_as_it_is_was_declined_and_is_tried_again_the_next_day()
    {
        await using var shop = await RenewableAsync();
        shop.Stripe.Script("/v1/payment_intents", StripeStandIn.Error(400, "invalid_request_error", "resource_missing", "No such PaymentMethod."), Behaviour.Success);

        await shop.RenewAsync();
        await shop.TickAsync();
        Assert.Single(Charges(shop));
        shop.App.Clock.Advance(TimeSpan.FromDays(1));
        await shop.RenewAsync();

        Assert.Equal(2_900, shop.Stripe.ChargedCents);
    }

    [Fact]
    public async Task A_charge_of_which_nobody_knows_what_became_is_not_made_a_second_time()
    {
        await using var shop = await RenewableAsync();
        shop.Stripe.Script("/v1/payment_intents", [.. Enumerable.Repeat(StripeStandIn.Error(500, "api_error", code: null, "No."), 1_000)]);

        for (var hour = 0; hour < 80; hour++)
        {
            await shop.RenewAsync();
            await shop.TickAsync();
            shop.App.Clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.Single(Charges(shop).Select(request => request.Headers["Idempotency-Key"]).Distinct(StringComparer.Ordinal));
        var notes = (await shop.App.GetAsync("manage/orders?userId=ann", shop.App.Admin)).Body.GetProperty("orders")[0].GetProperty("notes");
        Assert.Contains("look at the gateway", notes.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_order_that_cannot_be_read_does_not_keep_the_timer_from_the_others()
    {
        await using var shop = await Shop.OpenAsync();
        var (agenda, orders) = (shop.App.Get<Agenda>(), shop.App.Get<OrderStore>());
        var order = (await shop.BuyAsync("ann")).Text("orderId")!;
        await orders.ChangeAsync("ann", order, now => now with { PaidAt = shop.App.Clock.GetUtcNow() }, default);
        await agenda.AddAsync(TaskKind.Order, "ann", order, dueAt: null, default);
        var table = await shop.App.Get<Tables>().GetAsync(TableNames.Orders);
        await table.AddEntityAsync(new TableEntity("aaa", "order|broken") { ["Body"] = "{" });
        await agenda.AddAsync(TaskKind.Order, "aaa", "broken", dueAt: null, default);

        await Assert.ThrowsAnyAsync<Exception>(() => shop.TickAsync());

        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
    }

    [Fact]
    public async Task An_order_that_cannot_be_read_keeps_neither_codes_nor_top_ups_waiting_and_goes_behind_the_rest()
    {
        await using var shop = await Shop.OpenAsync();
        var agenda = shop.App.Get<Agenda>();
        await shop.App.PostAsync("manage/codes", new { id = "ONCE", kind = "percent", value = 50, max_redemptions = 1 }, shop.App.Admin);
        await BreakOffAsync(shop, "bob", key: "k");
        var setting = new { userId = "ann", enabled = true, thresholdCredits = 20, packageId = "starter", monthlyLimitUsd = 12 };
        await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", setting);
        await shop.BuyAndPayAsync("ann");
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", setting)).Status);
        await shop.App.GiveAsync("ann", -50);
        var table = await shop.App.Get<Tables>().GetAsync(TableNames.Orders);
        await table.AddEntityAsync(new TableEntity("aaa", "order|broken") { ["Body"] = "{" });
        var item = await agenda.AddAsync(TaskKind.Order, "aaa", "broken", dueAt: null, default);

        shop.App.Clock.Advance(TimeSpan.FromMinutes(31));
        await Assert.ThrowsAnyAsync<System.Text.Json.JsonException>(() => shop.TickAsync());

        Assert.Equal(500, shop.Stripe.ChargedCents);
        Assert.Equal(201, (await shop.BuyAsync("cem", promoCode: "once")).Status);
        var after = (await agenda.ReadEachAsync(TaskKind.Order, default).ToListAsync()).Single(known => known.Id == "broken");
        Assert.NotEqual(item.Key, after.Key);
    }

    [Theory]
    [InlineData("checkout.session.async_payment_failed")]
    [InlineData("checkout.session.expired")]
    public async Task A_code_of_an_order_that_was_not_paid_in_the_end_is_free_again_and_counts_if_it_was_paid_after_all(string type)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("manage/codes", new { id = "TWICE", kind = "percent", value = 50, max_redemptions = 2 }, shop.App.Admin);
        var anns = await shop.BuyAsync("ann", promoCode: "twice");
        var bobs = await shop.BuyAsync("bob", promoCode: "twice");
        Assert.Equal(409, (await shop.BuyAsync("cem", promoCode: "twice")).Status);

        Assert.Equal(200, (await shop.SendAsync(Shop.Event(type, shop.Stripe.Objects[shop.SessionOf(anns)]))).Status);
        Assert.Equal(201, (await shop.BuyAsync("cem", promoCode: "twice")).Status);
        Assert.Equal(200, (await shop.SendAsync(shop.Completed(anns))).Status);

        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
        // Three have used it by now: one that is given back makes no room.
        Assert.Equal(200, (await shop.SendAsync(Shop.Event(type, shop.Stripe.Objects[shop.SessionOf(bobs)]))).Status);
        Assert.Equal(409, (await shop.BuyAsync("eve", promoCode: "twice")).Status);
    }

    [Fact]
    public async Task Whoever_used_a_code_again_before_their_first_order_was_paid_after_all_has_used_it_twice()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("manage/codes", new { id = "TWICE", kind = "percent", value = 50, max_redemptions = 2 }, shop.App.Admin);
        var first = await shop.BuyAsync("ann", promoCode: "twice");
        await shop.SendAsync(Shop.Event("checkout.session.expired", shop.Stripe.Objects[shop.SessionOf(first)]));
        var second = await shop.BuyAsync("ann", promoCode: "twice");

        await shop.SendAsync(shop.Completed(first));
        await shop.SendAsync(shop.Completed(first));
        await shop.SendAsync(shop.Completed(second));

        Assert.Equal(100, await shop.PaidCreditsAsync("ann"));
        Assert.Equal(409, (await shop.BuyAsync("bob", promoCode: "twice")).Status);
    }

    [Fact]
    public async Task A_crash_between_the_banks_refusal_and_the_codes_use_does_not_keep_it_from_others()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("manage/codes", new { id = "ONCE", kind = "percent", value = 50, max_redemptions = 1 }, shop.App.Admin);
        var order = await shop.BuyAsync("ann", promoCode: "once");
        shop.Storage.Faults = request => request.Partition?.StartsWith("|code|", StringComparison.Ordinal) == true ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await shop.SendAsync(Shop.Event("checkout.session.async_payment_failed", shop.Stripe.Objects[shop.SessionOf(order)]))).Status);
        shop.Storage.Faults = _ => Fault.None;
        Assert.Equal(409, (await shop.BuyAsync("bob", promoCode: "once")).Status);

        await shop.TickAsync();

        Assert.Equal(201, (await shop.BuyAsync("bob", promoCode: "once")).Status);
    }

    // The code's use is taken, and the order is not written.
    private static async Task BreakOffAsync(Shop shop, string user, string key, string code = "once")
    {
        shop.Storage.Faults = request => request.IsTransaction && IsOrder(request, user) ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await shop.BuyAsync(user, promoCode: code, key: key)).Status);
        shop.Storage.Faults = _ => Fault.None;
    }

    private static bool IsOrder(SimulatedRequest request, string user) => request.Table.EndsWith("orders", StringComparison.Ordinal) && request.Partition is { } partition && partition == user;

    private static async Task<Shop> RenewableAsync()
    {
        var shop = await Shop.OpenAsync();
        await shop.BuyPlanAsync("ann");
        await shop.RenewAsync();
        shop.App.Clock.Advance(TimeSpan.FromDays(31));
        return shop;
    }

    private static IEnumerable<ReceivedRequest> Charges(Shop shop) => shop.Stripe.Requests.Where(request => request.Path == "/v1/payment_intents");
}
