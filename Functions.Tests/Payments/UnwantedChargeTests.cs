using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Payments;

/// <summary>Charges without the payer, when the owner says something else before they are made.</summary>
public sealed class UnwantedChargeTests
{
    private static readonly Behaviour Down = StripeStandIn.Error(503, "api_error", code: null, "No.");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_renewal_that_could_not_be_asked_for_before_its_plan_ended_is_never_charged(bool isCancelled)
    {
        await using var shop = await DueAsync();
        shop.Stripe.Script(model: null, Down);
        await shop.RenewAsync();
        if (isCancelled)
        {
            Assert.Equal(200, (await ChangeAsync(shop, new { userId = "ann", cancel = true })).Status);
        }

        for (var hour = 0; hour < (isCancelled ? 2 : 120); hour++)
        {
            shop.App.Clock.Advance(TimeSpan.FromHours(1));
            await shop.RenewAsync();
            await shop.TickAsync();
        }

        shop.Stripe.Script(model: null, Behaviour.Success);
        shop.App.Clock.Advance(TimeSpan.FromMinutes(5));
        await shop.TickAsync();
        await shop.RenewAsync();

        Assert.Equal((0, "free", "expired"), (shop.Stripe.ChargedCents, await PlanAsync(shop), Status(await shop.OrderAsync("ann"))));
        Assert.DoesNotContain(shop.Stripe.Requests, request => request.Path == "/v1/payment_intents");
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_renewal_that_was_paid_on_a_page_meanwhile_is_not_charged_besides()
    {
        await using var shop = await DueAsync();
        shop.Stripe.Script($"/v1/customers/{CustomerOf(shop)}/payment_methods", Down);
        await shop.RenewAsync();
        var page = await shop.App.PostAsync("subscription/checkout", new { userId = "ann", plan = "basic" });
        Assert.Equal(200, (await shop.SendAsync(shop.Completed(page))).Status);

        shop.Stripe.Script($"/v1/customers/{CustomerOf(shop)}/payment_methods", Behaviour.Success);
        shop.App.Clock.Advance(TimeSpan.FromMinutes(5));
        await shop.TickAsync();
        await shop.RenewAsync();

        Assert.Equal((0, 310, "basic"), (shop.Stripe.ChargedCents, await CreditsAsync(shop), await PlanAsync(shop)));
        await shop.AssertConservedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_renewal_of_which_it_is_heard_after_the_plan_was_cancelled_is_paid_back_and_begins_nothing(bool byWebhook)
    {
        await using var shop = await DueAsync();
        shop.Stripe.Script("/v1/payment_intents", Behaviour.ReplyLost, Behaviour.Success);
        await shop.RenewAsync();
        Assert.Equal(2_900, shop.Stripe.ChargedCents);
        Assert.Equal(200, (await ChangeAsync(shop, new { userId = "ann", cancel = true })).Status);

        if (byWebhook)
        {
            Assert.Equal(200, (await shop.SendAsync(Shop.Event("payment_intent.succeeded", LastPayment(shop)))).Status);
        }

        shop.App.Clock.Advance(TimeSpan.FromMinutes(5));
        await shop.TickAsync();
        await shop.TickAsync();

        var order = await shop.OrderAsync("ann");
        Assert.Equal((2_900, "free", "refunded"), ((long)LastPayment(shop)["amount_refunded"]!, await PlanAsync(shop), Status(order)));
        Assert.Contains("paid back: the plan had ended", order.GetProperty("notes").ToString(), StringComparison.Ordinal);
        Assert.Single(shop.Stripe.Requests, request => request.Path == "/v1/refunds");
        Assert.Equal(10, await CreditsAsync(shop));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_top_up_that_was_switched_off_before_its_charge_could_be_asked_for_is_never_charged()
    {
        await using var shop = await Shop.OpenAsync();
        await SetTopUpAsync(shop, enabled: true);
        await shop.BuyAndPayAsync("ann");
        Assert.Equal(200, (await SetTopUpAsync(shop, enabled: true)).Status);
        await shop.App.GiveAsync("ann", -50);
        shop.App.Clock.Advance(TimeSpan.FromMinutes(1));
        shop.Stripe.Script(model: null, Down);
        await shop.TickAsync();
        Assert.Equal(200, (await SetTopUpAsync(shop, enabled: false)).Status);

        shop.Stripe.Script(model: null, Behaviour.Success);
        shop.App.Clock.Advance(TimeSpan.FromMinutes(5));
        await shop.TickAsync();
        await shop.TickAsync();

        Assert.Equal((0, "expired"), (shop.Stripe.ChargedCents, Status(await shop.OrderAsync("ann"))));
        var setting = await shop.App.GetAsync("credits/auto-topup?userId=ann");
        Assert.Equal((false, null), (setting.Flag("enabled"), setting.Text("disabledReason")));

        // The month's limit is one package's price: what was not charged does not count to it.
        Assert.Equal(200, (await SetTopUpAsync(shop, enabled: true)).Status);
        await shop.TickAsync();
        Assert.Equal(500, shop.Stripe.ChargedCents);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_declined_renewal_is_tried_again_as_the_plan_that_was_asked_for_meanwhile()
    {
        await using var shop = await DueAsync();
        shop.Stripe.DeclinesSavedCards = true;
        await shop.RenewAsync();
        Assert.Equal(200, (await ChangeAsync(shop, new { userId = "ann", plan = "starter" })).Status);

        shop.Stripe.DeclinesSavedCards = false;
        shop.App.Clock.Advance(TimeSpan.FromDays(1));
        await shop.RenewAsync();

        var order = (await shop.OrderAsync("ann")).GetProperty("order");
        Assert.Equal((900, "starter", "starter", 9), (shop.Stripe.ChargedCents, await PlanAsync(shop), order.GetProperty("plan").GetString(), order.GetProperty("amount").GetDecimal()));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_dearer_plan_that_was_paid_for_after_the_period_is_what_its_declined_renewal_is_tried_again_for()
    {
        await using var shop = await DueAsync(TimeSpan.FromDays(30));
        var page = await shop.App.PostAsync("subscription/checkout", new { userId = "ann", plan = "pro" });
        shop.App.Clock.Advance(TimeSpan.FromDays(1));
        shop.Stripe.DeclinesSavedCards = true;
        await shop.RenewAsync();
        Assert.Equal(200, (await shop.SendAsync(shop.Completed(page))).Status);

        shop.Stripe.DeclinesSavedCards = false;
        shop.App.Clock.Advance(TimeSpan.FromDays(1));
        await shop.RenewAsync();

        Assert.Equal((7_900, "pro"), (shop.Stripe.ChargedCents, await PlanAsync(shop)));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_plan_asked_for_while_a_charge_is_in_doubt_follows_the_period_that_was_paid()
    {
        await using var shop = await DueAsync();
        shop.Stripe.Script("/v1/payment_intents", Behaviour.ReplyLost, Behaviour.Success);
        await shop.RenewAsync();
        Assert.Equal(200, (await ChangeAsync(shop, new { userId = "ann", plan = "starter" })).Status);
        shop.App.Clock.Advance(TimeSpan.FromMinutes(5));
        await shop.TickAsync();
        Assert.Equal((2_900, "basic"), (shop.Stripe.ChargedCents, await PlanAsync(shop)));

        await shop.RenewAsync();
        shop.App.Clock.Advance(TimeSpan.FromDays(30));
        await shop.RenewAsync();

        Assert.Equal((2_900 + 900, "starter"), (shop.Stripe.ChargedCents, await PlanAsync(shop)));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_renewal_that_fell_due_while_the_gateway_was_missing_is_charged_when_it_is_there_again()
    {
        await using var shop = await DueAsync();
        var without = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Payments:Stripe:SecretKey"] = "", ["Payments:Stripe:WebhookSecret"] = "" };
        await using (var keyless = (await TestApp.StartSimulatedAsync(without, shop.App, shop.Storage)).App)
        {
            await shop.RenewAsync(keyless);
            Assert.Equal("failed", Status(await shop.OrderAsync("ann")));
        }

        shop.App.Clock.Advance(TimeSpan.FromDays(1));
        await shop.RenewAsync();

        Assert.Equal((2_900, "basic", "fulfilled"), (shop.Stripe.ChargedCents, await PlanAsync(shop), Status(await shop.OrderAsync("ann"))));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_declined_renewal_is_tried_again_by_one_timer_alone()
    {
        await using var shop = await DueAsync();
        await using var other = await shop.OpenAnotherAsync();
        shop.Stripe.DeclinesSavedCards = true;
        await shop.RenewAsync();
        shop.App.Clock.Advance(TimeSpan.FromDays(1));
        var isOvertaken = false;
        shop.Storage.Faults = request =>
        {
            // It has read yesterday's decline, and is about to begin another try.
            if (!isOvertaken && request is { Method: not "GET", Partition: "|Order" })
            {
                isOvertaken = true;
                shop.RenewAsync(other).GetAwaiter().GetResult();
            }

            return Simulator.Storage.Fault.None;
        };

        await shop.RenewAsync();

        Assert.True(isOvertaken);
        Assert.Equal(2, shop.Stripe.Requests.Count(request => request.Path == "/v1/payment_intents"));
    }

    /// <summary>Ann has the plan "basic", and its second period is due, unless less than a month has gone by.</summary>
    private static async Task<Shop> DueAsync(TimeSpan? after = null)
    {
        var shop = await Shop.OpenAsync();
        await shop.BuyPlanAsync("ann");
        await shop.RenewAsync();
        shop.App.Clock.Advance(after ?? TimeSpan.FromDays(31));
        return shop;
    }

    private static JsonObject LastPayment(Shop shop) => shop.Stripe.Objects.Values.Last(made => made["off_session"] is not null);

    private static string CustomerOf(Shop shop) => (string)shop.Stripe.Objects.Values.First(made => (string)made["object"]! == "checkout.session")["customer"]!;

    private static string? Status(JsonElement row) => row.GetProperty("order").GetProperty("status").GetString();

    private static Task<Reply> ChangeAsync(Shop shop, object change) => shop.App.PostAsync("subscription/change", change);

    private static Task<Reply> SetTopUpAsync(Shop shop, bool enabled) =>
        shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", new { userId = "ann", enabled, thresholdCredits = 20, packageId = "starter", monthlyLimitUsd = 5 });

    private static async Task<decimal> CreditsAsync(Shop shop) => (await shop.App.GetAsync("credits?userId=ann")).Number("credits");

    private static async Task<string?> PlanAsync(Shop shop) =>
        (await shop.App.GetAsync("subscription/user/ann/subscription")).Body.GetProperty("data").GetProperty("subscription").GetProperty("plan").GetString();
}
