using System.Text.Json;

namespace ServerlessAi.Tests.Payments;

public sealed class PaidPlanTests
{
    [Fact]
    public async Task A_plan_begins_when_its_first_period_is_paid()
    {
        await using var shop = await Shop.OpenAsync();

        var order = await PlanAsync(shop, "ann", "basic");

        Assert.Equal((29, 300, "plan"), (order.Number("amount"), order.Number("credits"), order.Text("kind")));
        var subscription = await SubscriptionAsync(shop, "ann");
        Assert.Equal(("basic", "active"), (subscription.GetProperty("plan").GetString(), subscription.GetProperty("status").GetString()));
        Assert.Equal(310, await CreditsAsync(shop, "ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_dearer_plan_costs_the_difference_for_what_is_left()
    {
        await using var shop = await Shop.OpenAsync();
        await PlanAsync(shop, "ann", "basic");
        shop.App.Clock.Advance(TimeSpan.FromDays(21));

        var quote = await shop.App.PostAsync("subscription/quote", new { userId = "ann", plan = "pro" });
        var order = await PlanAsync(shop, "ann", "pro");

        // 16 May to 16 June are 31 days, of which 10 are left: (79 - 29) x 10/31 = 16.129, rounded up; (1000 - 300) x 10/31 credits.
        Assert.Equal((16.13m, "upgrade", 16.13m), (quote.Number("amount"), quote.Text("kind"), order.Number("amount")));
        Assert.Equal(310 + 225.806451m, await CreditsAsync(shop, "ann"));
        Assert.Equal("pro", (await SubscriptionAsync(shop, "ann")).GetProperty("plan").GetString());
        Assert.Equal(409, (await shop.App.PostAsync("subscription/checkout", new { userId = "ann", plan = "starter" })).Status);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_plan_paid_for_twice_is_one_plan_and_credits_of_the_same_worth()
    {
        await using var shop = await Shop.OpenAsync();
        var first = await CheckoutAsync(shop, "ann", "basic");
        var second = await CheckoutAsync(shop, "ann", "basic");

        await Task.WhenAll(shop.SendAsync(shop.Completed(first)), shop.SendAsync(shop.Completed(second)));

        Assert.Equal(10 + 300 + 290, await CreditsAsync(shop, "ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_plan_for_nothing_that_another_came_before_is_worth_nothing_and_leaves_nothing_to_do()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("manage/codes", new { id = "free", kind = "amount", value = 1_000 }, shop.App.Admin);
        var paid = await CheckoutAsync(shop, "ann", "basic");
        shop.Storage.Faults = request => request is { IsTransaction: true, Partition: "ann" } && request.Table.EndsWith("accounts", StringComparison.Ordinal) ? Simulator.Storage.Fault.Busy503 : Simulator.Storage.Fault.None;
        Assert.Equal(503, (await shop.App.PostAsync("subscription/checkout", new { userId = "ann", plan = "basic", promoCode = "free" })).Status);
        shop.Storage.Faults = _ => Simulator.Storage.Fault.None;
        await shop.SendAsync(shop.Completed(paid));

        shop.App.Clock.Advance(TimeSpan.FromMinutes(1));
        await shop.TickAsync();

        var orders = shop.App.Get<ServerlessAi.Payments.Orders.OrderStore>().ReadEachAsync("ann", default);
        Assert.All(await orders.ToListAsync(), order => Assert.True(ServerlessAi.Payments.Orders.Fulfilment.IsSettled(order), order.ToString()));
        Assert.Equal(310, await CreditsAsync(shop, "ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task The_next_period_is_charged_once_when_the_last_has_ended_whatever_number_of_timers_run()
    {
        await using var shop = await Shop.OpenAsync();
        await using var other = await shop.OpenAnotherAsync();
        await PlanAsync(shop, "ann", "basic");
        await shop.RenewAsync();
        Assert.Equal(0, shop.Stripe.ChargedCents);
        shop.App.Clock.Advance(TimeSpan.FromDays(31));

        await Task.WhenAll(shop.RenewAsync(), shop.RenewAsync(other), shop.RenewAsync());
        await shop.RenewAsync(other);

        Assert.Equal(2_900, shop.Stripe.ChargedCents);
        Assert.Equal((310, "active"), (await CreditsAsync(shop, "ann"), (await SubscriptionAsync(shop, "ann")).GetProperty("status").GetString()));
        shop.App.Clock.Advance(TimeSpan.FromDays(30));
        await shop.RenewAsync();
        Assert.Equal(5_800, shop.Stripe.ChargedCents);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_declined_renewal_is_tried_once_a_day_and_the_plan_ends_after_three()
    {
        await using var shop = await Shop.OpenAsync();
        await PlanAsync(shop, "ann", "basic");
        await shop.RenewAsync();
        shop.Stripe.DeclinesSavedCards = true;
        shop.App.Clock.Advance(TimeSpan.FromDays(31));

        for (var hour = 0; hour < 80; hour++)
        {
            await shop.RenewAsync();
            await shop.TickAsync();
            if (hour == 70)
            {
                Assert.Equal("pastDue", (await SubscriptionAsync(shop, "ann")).GetProperty("status").GetString());
            }

            shop.App.Clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(3, shop.Stripe.Requests.Count(request => request.Path == "/v1/payment_intents"));
        Assert.Equal((0, "expired"), (shop.Stripe.ChargedCents, (await SubscriptionAsync(shop, "ann")).GetProperty("status").GetString()));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_charge_whose_answer_was_lost_is_asked_for_again_and_charged_once()
    {
        await using var shop = await Shop.OpenAsync();
        await PlanAsync(shop, "ann", "basic");
        await shop.RenewAsync();
        shop.App.Clock.Advance(TimeSpan.FromDays(31));
        shop.Stripe.Script("/v1/payment_intents", Simulator.Vendors.Behaviour.Reset, Simulator.Vendors.StripeStandIn.Error(429, "api_error", "rate_limit", "Slow down."), Simulator.Vendors.Behaviour.Success);

        await shop.RenewAsync();
        await shop.RenewAsync();
        Assert.Equal(0, shop.Stripe.ChargedCents);
        shop.App.Clock.Advance(TimeSpan.FromMinutes(3));
        await shop.TickAsync();

        Assert.Equal((2_900, 310), (shop.Stripe.ChargedCents, await CreditsAsync(shop, "ann")));
    }

    [Fact]
    public async Task A_cancelled_plan_is_not_charged_and_a_cheaper_one_waits_for_the_next_period()
    {
        await using var shop = await Shop.OpenAsync();
        await PlanAsync(shop, "ann", "basic");
        await PlanAsync(shop, "bob", "basic");
        await shop.RenewAsync();
        Assert.Equal(200, (await shop.App.PostAsync("subscription/change", new { userId = "ann", cancel = true })).Status);
        Assert.Equal(200, (await shop.App.PostAsync("subscription/change", new { userId = "bob", plan = "starter" })).Status);

        shop.App.Clock.Advance(TimeSpan.FromDays(31));
        await shop.RenewAsync();

        Assert.Equal(900, shop.Stripe.ChargedCents);
        Assert.Equal(("free", "starter"), ((await SubscriptionAsync(shop, "ann")).GetProperty("plan").GetString(), (await SubscriptionAsync(shop, "bob")).GetProperty("plan").GetString()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_charge_of_which_nothing_is_known_is_not_made_again_after_a_deployment_that_forgot_the_gateway(bool webhookComes)
    {
        await using var shop = await Shop.OpenAsync();
        await using var without = (await TestApp.StartSimulatedAsync(new Dictionary<string, string?> { ["Payments:Stripe:SecretKey"] = "" }, shop.App, shop.Storage)).App;
        await PlanAsync(shop, "ann", "basic");
        await shop.RenewAsync();
        shop.App.Clock.Advance(TimeSpan.FromDays(31));
        shop.Stripe.Script("/v1/payment_intents", Simulator.Vendors.Behaviour.ReplyLost, Simulator.Vendors.Behaviour.Success);
        await shop.RenewAsync();
        Assert.Equal(2_900, shop.Stripe.ChargedCents);

        shop.App.Clock.Advance(TimeSpan.FromMinutes(3));
        await shop.TickAsync(without);
        await shop.RenewAsync(without);
        if (webhookComes)
        {
            Assert.Equal(409, (await shop.SendAsync(Shop.Event("payment_intent.succeeded", shop.Stripe.Objects.Values.Last(made => (string)made["object"]! == "payment_intent")), without)).Status);
        }

        for (var day = 0; day < 2; day++)
        {
            await shop.RenewAsync();
            await shop.TickAsync();
            shop.App.Clock.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal((2_900, 310), (shop.Stripe.ChargedCents, await CreditsAsync(shop, "ann")));
    }

    [Fact]
    public async Task An_instance_that_finds_a_charge_declined_by_another_does_not_charge_at_once_again()
    {
        await using var shop = await Shop.OpenAsync();
        await using var other = await shop.OpenAnotherAsync();
        await PlanAsync(shop, "ann", "basic");
        await shop.RenewAsync();
        shop.Stripe.DeclinesSavedCards = true;
        shop.App.Clock.Advance(TimeSpan.FromDays(31));
        var isOvertaken = false;
        shop.Storage.Faults = request =>
        {
            if (!isOvertaken && request is { Method: "PUT", Partition: "ann" } && request.Table.EndsWith("orders", StringComparison.Ordinal))
            {
                isOvertaken = true;
                shop.RenewAsync(other).GetAwaiter().GetResult();
            }

            return Simulator.Storage.Fault.None;
        };

        await shop.RenewAsync();

        Assert.True(isOvertaken);
        Assert.Single(shop.Stripe.Requests, request => request.Path == "/v1/payment_intents");
    }

    [Fact]
    public async Task Who_cancels_and_takes_it_back_is_charged_although_a_clock_that_was_ahead_had_struck_them_off()
    {
        await using var shop = await Shop.OpenAsync();
        await PlanAsync(shop, "ann", "basic");
        await shop.RenewAsync();
        Assert.Equal(200, (await shop.App.PostAsync("subscription/change", new { userId = "ann", cancel = true })).Status);
        foreach (var item in await shop.App.Get<ServerlessAi.Payments.Orders.Agenda>().ReadEachAsync(ServerlessAi.Payments.Orders.TaskKind.Renewal, default).ToListAsync())
        {
            await shop.App.Get<ServerlessAi.Payments.Orders.Agenda>().DoneAsync(item, default);
        }

        Assert.Equal(200, (await shop.App.PostAsync("subscription/change", new { userId = "ann", plan = "basic" })).Status);
        shop.App.Clock.Advance(TimeSpan.FromDays(31));
        await shop.RenewAsync();

        Assert.Equal(2_900, shop.Stripe.ChargedCents);
    }

    [Fact]
    public async Task A_plan_that_an_admin_gave_cannot_be_made_dearer_for_nothing()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.SubscribeAsync("ann", "starter");

        Assert.Equal(409, (await shop.App.PostAsync("subscription/change", new { userId = "ann", plan = "pro" })).Status);
        Assert.Equal(409, (await shop.App.PostAsync("subscription/quote", new { userId = "ann", plan = "pro" })).Status);
    }

    [Fact]
    public async Task A_plan_paid_back_in_full_ends_and_its_credits_go()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.BuyAndPayAsync("ann");
        var order = await PlanAsync(shop, "ann", "basic");

        await shop.SendAsync(shop.Refunded(order, 1_450));
        Assert.Equal((210, "active"), (await CreditsAsync(shop, "ann"), (await SubscriptionAsync(shop, "ann")).GetProperty("status").GetString()));
        await shop.SendAsync(shop.Refunded(order, 2_900));

        Assert.Equal((60, 50, "free"), (await CreditsAsync(shop, "ann"), await shop.PaidCreditsAsync("ann"), (await SubscriptionAsync(shop, "ann")).GetProperty("plan").GetString()));
        await shop.AssertConservedAsync();
    }

    private static Task<Reply> CheckoutAsync(Shop shop, string user, string plan) => shop.App.PostAsync("subscription/checkout", new { userId = user, plan });

    private static async Task<Reply> PlanAsync(Shop shop, string user, string plan)
    {
        var order = await CheckoutAsync(shop, user, plan);
        Assert.Equal(201, order.Status);
        Assert.Equal(200, (await shop.SendAsync(shop.Completed(order))).Status);
        return order;
    }

    private static async Task<decimal> CreditsAsync(Shop shop, string user) => (await shop.App.GetAsync("credits?userId=" + user)).Number("credits");

    private static async Task<JsonElement> SubscriptionAsync(Shop shop, string user) =>
        (await shop.App.GetAsync($"subscription/user/{user}/subscription")).Body.GetProperty("data").GetProperty("subscription");
}
