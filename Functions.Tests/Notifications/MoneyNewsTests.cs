using ServerlessAi.Payments;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Tests.Payments;

namespace ServerlessAi.Tests.Notifications;

/// <summary>Who buys is told when it is theirs, who is given something when it has come.</summary>
public sealed class MoneyNewsTests : ListeningShop
{
    [Fact]
    public async Task A_purchase_is_told_by_webhook_and_mail_once_although_Stripe_says_so_twice()
    {
        await Shop.App.SendAsync(HttpMethod.Put, "manage/users/ann/notifications", new { email = "ann@example.org", webhookUrl = Receiver.Url }, Shop.App.Admin);

        var order = await Shop.BuyAndPayAsync("ann", "popular");
        await Shop.SendAsync(Shop.Completed(order));
        await DeliverAsync();

        var body = Assert.Single(Receiver.Requests).Json;
        var data = body["data"]!;
        Assert.Equal(("purchase", "ann", order.Text("orderId")), ((string?)body["type"], (string?)body["accountId"], (string?)data["orderId"]));
        Assert.Equal((200m, 15m, "usd"), ((decimal)data["credits"]!, (decimal)data["amount"]!, (string?)data["currency"]));
        var mail = await Sink.LastAsync();
        Assert.Equal(("ann@example.org", "Your order: " + (string?)data["title"]), (mail.To, mail.Header("Subject")));
        Assert.Contains("15.00 USD were paid, and 200 credits were added.", mail.Body.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Single(Sink.Mails);
    }

    [Fact]
    public async Task A_gift_is_told_to_whom_it_came_to_without_what_its_giver_wrote()
    {
        await Shop.BuyAndPayAsync("ann");
        await Shop.App.GiveAsync("bob", 1, "adjustment");
        await ListenAsync("bob");

        var gift = await GiveAsync();
        Assert.Equal(gift.Text("giftId"), (await GiveAsync()).Text("giftId"));
        await DeliverAsync();

        var body = Assert.Single(Receiver.Requests).Json;
        var data = body["data"]!;
        Assert.Equal(("gift", "bob", "ann", gift.Text("giftId"), 20m), ((string?)body["type"], (string?)body["accountId"], (string?)data["from"], (string?)data["giftId"], (decimal)data["credits"]!));
    }

    [Fact]
    public async Task Who_wants_to_hear_of_neither_does_not()
    {
        await Shop.App.GiveAsync("bob", 1, "adjustment");
        foreach (var user in new[] { "ann", "bob" })
        {
            await Shop.App.SendAsync(HttpMethod.Put, "notifications/preferences?userId=" + user, new { webhookUrl = Receiver.Url, kinds = new { purchase = Array.Empty<string>(), gift = Array.Empty<string>() } });
        }

        await Shop.BuyAndPayAsync("ann");
        await GiveAsync();
        await DeliverAsync();

        Assert.Empty(Receiver.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_crash_after_any_line_of_a_purchase_and_a_gift_tells_of_each_once(bool repliesAreLost)
    {
        await Shop.App.GiveAsync("bob", 1, "adjustment");
        await ListenAsync("ann");
        await ListenAsync("bob");
        for (int line = 1, count = int.MaxValue; count >= line; line++)
        {
            var order = await Shop.BuyAsync("ann");
            count = await BreakOffAsync(line, repliesAreLost, () => Shop.SendAsync(Shop.Completed(order)));
            count = Math.Max(count, await BreakOffAsync(line, repliesAreLost, () => GiveAsync("k" + line)));
            await Shop.SendAsync(Shop.Completed(order));
            Assert.Equal(200, (await GiveAsync("k" + line)).Status);
            // Twice a minute later: what is told again would be by then.
            await DeliverAsync();
            await DeliverAsync();

            Assert.Equal((line, line), (Told("purchase"), Told("gift")));
        }
    }

    private async Task<int> BreakOffAsync(int line, bool repliesAreLost, Func<Task<Reply>> act)
    {
        var count = 0;
        Shop.Storage.Faults = _ => Interlocked.Increment(ref count) >= line ? (repliesAreLost ? Fault.ReplyLost : Fault.Busy503) : Fault.None;
        await act();
        Shop.Storage.Faults = _ => Fault.None;
        Shop.App.Clock.Advance(TimeSpan.FromMinutes(6));
        await Shop.TickAsync();
        return count;
    }

    private Task<Reply> GiveAsync(string key = "k") =>
        Shop.App.SendAsync(HttpMethod.Post, "credits/gift", new { userId = "ann", toUserId = "bob", amount = 20 }, change: Shop.Key(key));
}
