using System.Text.Json.Nodes;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Payments;

public sealed class PurchaseTests
{
    [Fact]
    public async Task The_packages_of_the_contract_are_on_offer_to_everybody()
    {
        await using var app = await TestApp.StartAsync();

        var packages = (await app.GetAsync("credits/packages")).Body.GetProperty("packages").EnumerateArray();

        Assert.Equal(
            ["starter 5 50", "popular 15 200", "pro 30 500"],
            packages.Select(package => $"{package.GetProperty("id")} {package.GetProperty("price").GetDecimal():0.##} {package.GetProperty("credits").GetDecimal():0.##}"));
    }

    [Fact]
    public async Task What_was_ordered_is_paid_on_Stripes_page_and_credited_when_Stripe_says_so()
    {
        await using var shop = await Shop.OpenAsync();

        var order = await shop.BuyAsync("ann", "popular");

        Assert.Equal((201, 15, "usd", 200, "created"), (order.Status, order.Number("amount"), order.Text("currency"), order.Number("credits"), order.Text("status")));
        Assert.StartsWith("https://checkout.stripe.com/", order.Text("checkoutUrl"), StringComparison.Ordinal);
        Assert.Equal(0, await shop.PaidCreditsAsync("ann"));
        var request = Assert.Single(shop.Stripe.Requests);
        Assert.Equal((order.Text("orderId"), "2024-06-20"), (request.Headers["Idempotency-Key"], request.Headers["Stripe-Version"]));

        await shop.SendAsync(shop.Completed(order));

        Assert.Equal(200, await shop.PaidCreditsAsync("ann"));
        var history = (await shop.App.GetAsync("credits/orders?userId=ann")).Body.GetProperty("orders")[0];
        Assert.Equal(("fulfilled", order.Text("orderId")), (history.GetProperty("status").GetString(), history.GetProperty("orderId").GetString()));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_repeated_key_is_the_same_order_and_another_body_a_mistake()
    {
        await using var shop = await Shop.OpenAsync();

        var orders = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => shop.BuyAsync("ann", key: "k")));
        var again = await shop.BuyAsync("ann", key: "k");
        var other = await shop.BuyAsync("ann", "pro", key: "k");

        Assert.Single(orders.Append(again).Select(order => order.Text("orderId")).Distinct(StringComparer.Ordinal));
        Assert.Single(shop.Stripe.Objects);
        Assert.Equal((422, "idempotency_mismatch"), (other.Status, other.Code));
    }

    [Theory]
    [InlineData("popular", 4, 60, 0, 800)]
    [InlineData("popular", 5, 71.25, 5, 1000)]
    [InlineData("popular", 10, 135, 10, 2000)]
    [InlineData("popular", 1000, 13500, 10, 200000)]
    public async Task More_packages_cost_less_each(string package, int quantity, double amount, int percent, int credits)
    {
        await using var shop = await Shop.OpenAsync();

        var order = await shop.BuyAsync("ann", package, quantity);

        Assert.Equal(((decimal)amount, percent, credits), (order.Number("amount"), order.Body.GetProperty("price").GetProperty("percentOff").GetInt32(), order.Number("credits")));
    }

    [Theory]
    [InlineData("percent", 33, 1005, 200)]
    [InlineData("amount", 4, 1100, 200)]
    [InlineData("bonus", 25, 1500, 225)]
    [InlineData("percent", 100, 0, 200)]
    public async Task A_code_takes_something_off_or_puts_credits_on(string kind, int value, int cents, int credits)
    {
        await using var shop = await Shop.OpenAsync();
        Assert.Equal(201, (await shop.App.PostAsync("manage/codes", new { id = "spring", kind, value }, shop.App.Admin)).Status);

        var order = await shop.BuyAsync("ann", "popular", promoCode: "SpRing");

        Assert.Equal((201, cents / 100m, credits), (order.Status, order.Number("amount"), order.Number("credits")));
        if (cents == 0)
        {
            Assert.Equal("fulfilled", order.Text("status"));
            Assert.Equal(200, await shop.PaidCreditsAsync("ann"));
        }
    }

    [Fact]
    public async Task A_code_for_packages_is_of_no_use_for_a_plan_and_not_used_up_there()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("manage/codes", new { id = "more", kind = "bonus", value = 25, max_redemptions = 1 }, shop.App.Admin);

        var plan = await shop.App.PostAsync("subscription/checkout", new { userId = "ann", plan = "basic", promoCode = "more" });

        Assert.Equal((400, "invalid_request"), (plan.Status, plan.Text("code")));
        Assert.Equal(75, (await shop.BuyAsync("bob", promoCode: "more")).Number("credits"));
    }

    [Fact]
    public async Task A_codes_use_is_free_again_when_the_order_expires()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("manage/codes", new { id = "ONCE", kind = "percent", value = 50, max_redemptions = 1 }, shop.App.Admin);
        var order = await shop.BuyAsync("ann", promoCode: "once");
        Assert.Equal(409, (await shop.BuyAsync("bob", promoCode: "once")).Status);

        var session = shop.Stripe.Objects[shop.SessionOf(order)];
        await shop.SendAsync(Shop.Event("checkout.session.expired", session));

        Assert.Equal(201, (await shop.BuyAsync("bob", promoCode: "once")).Status);
    }

    [Fact]
    public async Task A_package_is_data_and_effective_at_once()
    {
        await using var shop = await Shop.OpenAsync();
        var added = await shop.App.PostAsync(
            "manage/packages", new { id = "mini", name = "Mini", price = 1.01, credits = 7, tiers = new[] { new { quantity = 3, percent_off = 1 } } }, shop.App.Admin);
        Assert.Equal(201, added.Status);

        // 3 x 1.01 = 3.03, less 1 % is 2.9997, rounded up.
        Assert.Equal(3.00m, (await shop.BuyAsync("ann", "mini", 3)).Number("amount"));
        await shop.App.SendAsync(HttpMethod.Delete, "manage/packages/mini", client: shop.App.Admin);
        Assert.Equal(400, (await shop.BuyAsync("ann", "mini")).Status);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(402)]
    public async Task A_page_that_could_not_be_made_can_be_asked_for_again_with_the_same_key(int status)
    {
        await using var shop = await Shop.OpenAsync();
        shop.Stripe.Script("/v1/checkout/sessions", StripeStandIn.Error(status, "api_error", code: null, "No."), Behaviour.Success);

        var failed = await shop.BuyAsync("ann", key: "k");
        var order = await shop.BuyAsync("ann", key: "k");

        Assert.Equal((502, "payment_failed", 201), (failed.Status, failed.Code, order.Status));
        await shop.SendAsync(shop.Completed(order));
        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
    }

    [Fact]
    public async Task A_crash_after_any_line_of_a_payment_credits_once_in_the_end()
    {
        for (var line = 1; ; line++)
        {
            await using var shop = await Shop.OpenAsync();
            var completed = shop.Completed(await shop.BuyAsync("ann"));
            var count = 0;
            shop.Storage.Faults = _ => Interlocked.Increment(ref count) >= line ? Fault.Busy503 : Fault.None;
            var reply = await shop.SendAsync(completed);
            shop.Storage.Faults = _ => Fault.None;
            var before = await shop.PaidCreditsAsync("ann");
            Assert.True(reply.Status is 200 or 503, $"{line}: {reply.Status}");
            if (line % 2 == 0)
            {
                await shop.SendAsync(completed);
            }
            else
            {
                // Stripe never comes again: the timer finishes what was begun, or asks when the page has expired.
                await shop.TickAsync();
                shop.App.Clock.Advance(TimeSpan.FromHours(25));
                await shop.TickAsync();
            }

            Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
            await shop.AssertConservedAsync();
            if (reply.Status == 200 && before == 50 && count < line)
            {
                Assert.True(line > 8, $"Only {line} lines were interrupted.");
                break;
            }
        }
    }

    [Fact]
    public async Task On_a_developers_machine_a_click_pays()
    {
        await using var app = await TestApp.StartAsync();
        var order = await app.PostAsync("credits/purchase", new { userId = "ann", packageId = "starter" });
        var page = new Uri(order.Text("checkoutUrl")!).PathAndQuery;

        using var html = await app.Http.GetAsync(page);
        var paid = await app.SendAsync(HttpMethod.Post, page + "&decision=pay");

        Assert.Equal("text/html", html.Content.Headers.ContentType!.MediaType);
        Assert.Contains("form-action 'self'", html.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal((200, "fulfilled", 60), (paid.Status, paid.Text("status"), (await app.GetAsync("balance?userId=ann")).Number("credits")));
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Post, page + "&decision=pay")).Status);
        Assert.Equal(60, (await app.GetAsync("balance?userId=ann")).Number("credits"));
    }

    [Fact]
    public async Task Elsewhere_there_is_no_such_page_and_nothing_can_be_bought_without_Stripe()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Tests:Environment"] = "Production" });

        Assert.Equal(404, (await app.GetAsync("pay/x?account=ann")).Status);
        var refused = await app.PostAsync("credits/purchase?userId=ann", new { packageId = "starter" }, app.Admin);
        Assert.Equal((409, "payments_unavailable"), (refused.Status, refused.Code));
        await Assert.ThrowsAnyAsync<Exception>(() => TestApp.StartAsync(new Dictionary<string, string?> { ["Tests:Environment"] = "Production", ["Payments:Gateway"] = "simulated" }));
    }
}
