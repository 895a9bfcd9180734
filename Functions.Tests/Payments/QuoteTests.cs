namespace ServerlessAi.Tests.Payments;

/// <summary>What a plan is quoted at is what the checkout asks for, codes included, and looking takes nothing.</summary>
public sealed class QuoteTests
{
    [Fact]
    public async Task A_quote_with_a_code_is_what_the_checkout_then_asks_for_and_takes_no_use_of_it()
    {
        await using var shop = await Shop.OpenAsync();
        await AddAsync(shop, new { id = "HALF", kind = "percent", value = 50, max_redemptions = 1 });

        var quotes = new List<Reply> { await QuoteAsync(shop, "ann", "half"), await QuoteAsync(shop, "ann", "HALF"), await QuoteAsync(shop, "bob", "half") };
        var order = await CheckoutAsync(shop, "ann", "half");

        Assert.All(quotes, quote => Assert.Equal((200, 14.5m), (quote.Status, quote.Number("amount"))));
        Assert.Equal((201, 14.5m, 29m), (order.Status, order.Number("amount"), (await QuoteAsync(shop, "bob", code: null)).Number("amount")));
    }

    [Fact]
    public async Task A_price_below_what_a_card_is_charged_at_least_is_quoted_as_it_is_charged()
    {
        await using var shop = await Shop.OpenAsync();
        await AddAsync(shop, new { id = "ALMOST", kind = "amount", value = 28.9 });
        await AddAsync(shop, new { id = "ALL", kind = "amount", value = 100 });

        Assert.Equal((0.5m, 0), ((await QuoteAsync(shop, "ann", "almost")).Number("amount"), (await QuoteAsync(shop, "ann", "all")).Number("amount")));
        Assert.Equal(0.5m, (await CheckoutAsync(shop, "ann", "almost")).Number("amount"));
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("credits")]
    [InlineData("bonus")]
    [InlineData("up")]
    [InlineData("used")]
    public async Task A_code_that_cannot_be_used_is_refused_as_at_the_checkout(string code)
    {
        await using var shop = await Shop.OpenAsync();
        await AddAsync(shop, new { id = "credits", kind = "credits", value = 5 });
        await AddAsync(shop, new { id = "bonus", kind = "bonus", value = 5 });
        await AddAsync(shop, new { id = "up", kind = "percent", value = 5, max_redemptions = 1 });
        await AddAsync(shop, new { id = "used", kind = "percent", value = 5 });
        Assert.Equal(201, (await CheckoutAsync(shop, "bob", "up")).Status);
        Assert.Equal(201, (await CheckoutAsync(shop, "ann", "used")).Status);

        var quote = await QuoteAsync(shop, "ann", code);
        var checkout = await CheckoutAsync(shop, "ann", code);

        Assert.InRange(quote.Status, 400, 409);
        Assert.Equal((checkout.Status, checkout.Code, checkout.Text("detail")), (quote.Status, quote.Code, quote.Text("detail")));
    }

    private static async Task AddAsync(Shop shop, object code) => Assert.Equal(201, (await shop.App.PostAsync("manage/codes", code, shop.App.Admin)).Status);

    private static Task<Reply> QuoteAsync(Shop shop, string user, string? code) => shop.App.PostAsync("subscription/quote", new { userId = user, plan = "basic", promoCode = code });

    private static Task<Reply> CheckoutAsync(Shop shop, string user, string code) => shop.App.PostAsync("subscription/checkout", new { userId = user, plan = "basic", promoCode = code });
}
