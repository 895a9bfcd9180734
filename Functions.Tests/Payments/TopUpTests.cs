namespace ServerlessAi.Tests.Payments;

public sealed class TopUpTests
{
    [Fact]
    public async Task A_low_balance_buys_one_package_whatever_number_of_timers_look()
    {
        await using var shop = await Shop.OpenAsync();
        await using var other = await shop.OpenAnotherAsync();
        await SwitchOnAsync(shop, threshold: 20, limit: 20);
        await shop.TickAsync();
        Assert.Equal(0, shop.Stripe.ChargedCents);

        await shop.App.GiveAsync("ann", -100);
        await Task.WhenAll(shop.TickAsync(), shop.TickAsync(other), shop.TickAsync(), shop.TickAsync(other));
        await shop.TickAsync();

        Assert.Equal((500, 60), (shop.Stripe.ChargedCents, await CreditsAsync(shop)));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task The_months_limit_is_never_passed_and_the_next_month_has_its_own()
    {
        await using var shop = await Shop.OpenAsync();
        await SwitchOnAsync(shop, threshold: 20, limit: 12);

        for (var i = 0; i < 5; i++)
        {
            await shop.App.GiveAsync("ann", -(await CreditsAsync(shop)));
            await shop.TickAsync();
            await shop.App.GiveAsync("ann", 1, "adjustment");
        }

        Assert.Equal(1_000, shop.Stripe.ChargedCents);
        shop.App.Clock.Advance(TimeSpan.FromDays(31));
        await shop.TickAsync();
        Assert.Equal(1_500, shop.Stripe.ChargedCents);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_clock_that_is_behind_tops_up_no_second_time()
    {
        await using var shop = await Shop.OpenAsync();
        await SwitchOnAsync(shop, threshold: 20, limit: 50);
        await shop.App.GiveAsync("ann", -(await CreditsAsync(shop)));
        await shop.TickAsync();
        Assert.Equal(500, shop.Stripe.ChargedCents);

        shop.App.Clock.Advance(TimeSpan.FromMinutes(-3));
        await shop.TickAsync();

        Assert.Equal(500, shop.Stripe.ChargedCents);
    }

    [Fact]
    public async Task A_declined_card_switches_it_off_and_says_so()
    {
        await using var shop = await Shop.OpenAsync();
        await SwitchOnAsync(shop, threshold: 20, limit: 100);
        shop.Stripe.DeclinesSavedCards = true;
        await shop.App.GiveAsync("ann", -100);

        await shop.TickAsync();
        await shop.TickAsync();

        var setting = await shop.App.GetAsync("credits/auto-topup?userId=ann");
        Assert.Equal((false, "declined", 10), (setting.Flag("enabled"), setting.Text("disabledReason"), await CreditsAsync(shop)));
        Assert.Single(shop.Stripe.Requests, request => request.Path == "/v1/payment_intents");
    }

    [Fact]
    public async Task Money_that_goes_back_is_not_charged_again_a_minute_later()
    {
        await using var shop = await Shop.OpenAsync();
        await SwitchOnAsync(shop, threshold: 20, limit: 100);
        await shop.App.GiveAsync("ann", -100);
        await shop.TickAsync();
        var topUp = (await shop.App.GetAsync("manage/orders?userId=ann", shop.App.Admin)).Body.GetProperty("orders").EnumerateArray()
            .Select(row => row.GetProperty("order")).Single(order => order.GetProperty("kind").GetString() == "topUp");
        Assert.Equal(500, shop.Stripe.ChargedCents);

        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Post, $"manage/orders/ann/{topUp.GetProperty("orderId").GetString()}/refund", new { }, shop.App.Admin, Shop.Key("k"))).Status);
        await shop.TickAsync();

        var setting = await shop.App.GetAsync("credits/auto-topup?userId=ann");
        Assert.Equal((500, 10, "refunded"), (shop.Stripe.ChargedCents, await CreditsAsync(shop), setting.Text("disabledReason")));
        Assert.Equal(200, (await SetAsync(shop, threshold: 20, limit: 100)).Status);
        await shop.TickAsync();
        Assert.Equal(1_000, shop.Stripe.ChargedCents);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Whoever_disputes_a_purchase_is_charged_nothing_by_itself()
    {
        await using var shop = await Shop.OpenAsync();
        await SwitchOnAsync(shop, threshold: 20, limit: 100);
        var order = await shop.BuyAndPayAsync("ann");
        await shop.App.GiveAsync("ann", -100);

        await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "needs_response"));
        await shop.TickAsync();

        var setting = await shop.App.GetAsync("credits/auto-topup?userId=ann");
        Assert.Equal((0, "disputed"), (shop.Stripe.ChargedCents, setting.Text("disabledReason")));
    }

    [Fact]
    public async Task A_package_that_was_made_too_small_for_the_threshold_is_not_bought_again_and_again()
    {
        await using var shop = await Shop.OpenAsync();
        await SwitchOnAsync(shop, threshold: 20, limit: 100);
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "manage/packages/starter", new { credits = 4 }, shop.App.Admin)).Status);
        await shop.App.GiveAsync("ann", -100);

        await shop.TickAsync();
        await shop.TickAsync();

        Assert.Equal(0, shop.Stripe.ChargedCents);
    }

    [Fact]
    public async Task Whoever_was_forgotten_is_never_charged_again()
    {
        await using var shop = await Shop.OpenAsync();
        await SwitchOnAsync(shop, threshold: 20, limit: 100);

        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);
        await shop.TickAsync();
        shop.App.Clock.Advance(TimeSpan.FromDays(2));
        await shop.TickAsync();

        Assert.Equal(0, shop.Stripe.ChargedCents);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Without_a_saved_method_it_cannot_be_switched_on()
    {
        await using var shop = await Shop.OpenAsync();

        Assert.Equal(409, (await SetAsync(shop, 20, 20)).Status);
        Assert.Equal(400, (await SetAsync(shop, 60, 20)).Status);
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", new { userId = "ann", enabled = false })).Status);
    }

    // The balance is 110 then: the welcome, and two packages.
    private static async Task SwitchOnAsync(Shop shop, int threshold, int limit)
    {
        await SetAsync(shop, threshold, limit);
        await shop.BuyAndPayAsync("ann", quantity: 2);
        Assert.Equal(200, (await SetAsync(shop, threshold, limit)).Status);
    }

    private static Task<Reply> SetAsync(Shop shop, int threshold, int limit) =>
        shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", new { userId = "ann", enabled = true, thresholdCredits = threshold, packageId = "starter", monthlyLimitUsd = limit });

    private static async Task<decimal> CreditsAsync(Shop shop) => (await shop.App.GetAsync("credits?userId=ann")).Number("credits");
}
