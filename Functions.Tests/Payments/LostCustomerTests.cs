using ServerlessAi.Payments.Saved;
using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Payments;

/// <summary>Customers that Stripe does not know any more: deleted there, or of a key before.</summary>
public sealed class LostCustomerTests
{
    [Fact]
    public async Task Who_is_unknown_to_Stripe_by_now_buys_all_the_same_and_is_saved_anew()
    {
        await using var shop = await SubscribedAsync();
        var lost = await CustomerAsync(shop);
        shop.Stripe.Forget(lost!);

        var page = await UpgradeAsync(shop, "k");
        Assert.Equal(201, page.Status);
        Assert.Null(await CustomerAsync(shop));
        Assert.Equal(page.Text("checkoutUrl"), (await UpgradeAsync(shop, "k")).Text("checkoutUrl"));
        Assert.Equal(200, (await shop.SendAsync(shop.Completed(page))).Status);

        Assert.NotEqual(lost, await CustomerAsync(shop));
        shop.App.Clock.Advance(TimeSpan.FromDays(31));
        await shop.RenewAsync();
        Assert.Equal(7_900, shop.Stripe.ChargedCents);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_page_for_somebody_unknown_that_was_not_written_down_is_the_same_when_it_is_asked_for_again()
    {
        await using var shop = await SubscribedAsync();
        shop.Stripe.Forget((await CustomerAsync(shop))!);
        shop.Storage.Faults = request => request is { Method: "PUT" or "MERGE", Partition: "ann" } && request.Table.EndsWith("orders", StringComparison.Ordinal) ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await UpgradeAsync(shop, "k")).Status);
        shop.Storage.Faults = _ => Fault.None;

        var page = await UpgradeAsync(shop, "k");

        Assert.Equal((201, null), (page.Status, await CustomerAsync(shop)));
        Assert.Equal(2, shop.Stripe.Objects.Values.Count(made => (string)made["object"]! == "checkout.session"));
    }

    [Fact]
    public async Task Whoever_was_saved_while_the_page_was_made_stays()
    {
        await using var shop = await SubscribedAsync();
        shop.Stripe.Forget((await CustomerAsync(shop))!);
        var isSaved = false;
        shop.Storage.Faults = request =>
        {
            // The page is there: what comes next is about the payer.
            if (!isSaved && shop.Stripe.Requests.Count(known => known.Path == "/v1/checkout/sessions") == 3)
            {
                isSaved = true;
                shop.App.Get<Payers>().ChangeAsync("ann", payer => payer with { CustomerId = "cus_other" }, default).GetAwaiter().GetResult();
            }

            return Fault.None;
        };

        Assert.Equal(201, (await UpgradeAsync(shop)).Status);

        Assert.Equal((true, "cus_other"), (isSaved, await CustomerAsync(shop)));
    }

    [Fact]
    public async Task The_renewal_of_somebody_unknown_is_declined()
    {
        await using var shop = await SubscribedAsync();
        shop.Stripe.Forget((await CustomerAsync(shop))!);
        shop.App.Clock.Advance(TimeSpan.FromDays(31));

        await shop.RenewAsync();

        Assert.Equal((0, "failed"), (shop.Stripe.ChargedCents, (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("status").GetString()));
    }

    private static async Task<Shop> SubscribedAsync()
    {
        var shop = await Shop.OpenAsync();
        var order = await shop.App.PostAsync("subscription/checkout", new { userId = "ann", plan = "basic" });
        Assert.Equal(200, (await shop.SendAsync(shop.Completed(order))).Status);
        await shop.RenewAsync();
        return shop;
    }

    private static Task<Reply> UpgradeAsync(Shop shop, string? key = null) =>
        shop.App.SendAsync(HttpMethod.Post, "subscription/checkout", new { userId = "ann", plan = "pro" }, change: Shop.Key(key));

    private static async Task<string?> CustomerAsync(Shop shop) => (await shop.App.Get<Payers>().ReadAsync("ann", default)).CustomerId;
}
