namespace ServerlessAi.Tests.Payments;

public sealed class OrderListTests
{
    [Fact]
    public async Task Orders_are_listed_newest_first_page_by_page()
    {
        await using var shop = await Shop.OpenAsync();
        var ids = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            ids.Add((await shop.BuyAsync("ann")).Text("orderId")!);
            shop.App.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await shop.BuyAsync("bob");
        ids.Reverse();

        Assert.Equal(ids, await ReadAllAsync(shop, "credits/orders?userId=ann&limit=3", admin: false));
        Assert.Equal(ids, await ReadAllAsync(shop, "manage/orders?userId=ann&limit=3", admin: true));
        Assert.Equal(ids, await ReadAllAsync(shop, "credits/orders?userId=ann", admin: false));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=101")]
    [InlineData("limit=x")]
    [InlineData("next=1")]
    [InlineData("next=0000000000000000000.a%27b")]
    public async Task A_page_that_was_never_given_is_refused(string query)
    {
        await using var shop = await Shop.OpenAsync();

        Assert.Equal(400, (await shop.App.GetAsync("credits/orders?userId=ann&" + query)).Status);
    }

    private static async Task<List<string>> ReadAllAsync(Shop shop, string path, bool admin)
    {
        var ids = new List<string>();
        for (var next = ""; next is not null;)
        {
            var page = await shop.App.GetAsync(next.Length == 0 ? path : $"{path}&next={next}", admin ? shop.App.Admin : null);
            Assert.Equal(200, page.Status);
            ids.AddRange(page.Body.GetProperty("orders").EnumerateArray().Select(order => (admin ? order.GetProperty("order") : order).GetProperty("orderId").GetString()!));
            next = page.Text("next");
        }

        return ids;
    }
}
