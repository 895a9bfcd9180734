using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Functions.Timers;
using ServerlessAi.Payments;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Tests.Payments;

namespace ServerlessAi.Tests.Notifications;

/// <summary>Who buys is told when it is theirs, who is given something when it has come.</summary>
public sealed class MoneyNewsTests : IAsyncLifetime
{
    private WebhookReceiver receiver = null!;
    private SmtpSink sink = null!;
    private Shop shop = null!;

    public async Task InitializeAsync()
    {
        receiver = await WebhookReceiver.StartAsync();
        sink = await SmtpSink.StartAsync();
        shop = await Shop.OpenAsync(new Dictionary<string, string?>(sink.Settings, StringComparer.Ordinal) { ["Notifications:AllowPrivate"] = "true" });
    }

    public async Task DisposeAsync()
    {
        await shop.DisposeAsync();
        await sink.DisposeAsync();
        await receiver.DisposeAsync();
    }

    [Fact]
    public async Task A_purchase_is_told_by_webhook_and_mail_once_although_Stripe_says_so_twice()
    {
        await shop.App.SendAsync(HttpMethod.Put, "manage/users/ann/notifications", new { email = "ann@example.org", webhookUrl = receiver.Url }, shop.App.Admin);

        var order = await shop.BuyAndPayAsync("ann", "popular");
        await shop.SendAsync(shop.Completed(order));
        await DeliverAsync();

        var body = Assert.Single(receiver.Requests).Json;
        var data = body["data"]!;
        Assert.Equal(("purchase", "ann", order.Text("orderId")), ((string?)body["type"], (string?)body["accountId"], (string?)data["orderId"]));
        Assert.Equal((200m, 15m, "usd"), ((decimal)data["credits"]!, (decimal)data["amount"]!, (string?)data["currency"]));
        var mail = await sink.LastAsync();
        Assert.Equal(("ann@example.org", "Your order: " + (string?)data["title"]), (mail.To, mail.Header("Subject")));
        Assert.Contains("15.00 USD were paid, and 200 credits were added.", mail.Body.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Single(sink.Mails);
    }

    [Fact]
    public async Task A_gift_is_told_to_whom_it_came_to_without_what_its_giver_wrote()
    {
        await shop.BuyAndPayAsync("ann");
        await shop.App.GiveAsync("bob", 1, "adjustment");
        await ListenAsync("bob");

        var gift = await GiveAsync();
        Assert.Equal(gift.Text("giftId"), (await GiveAsync()).Text("giftId"));
        await DeliverAsync();

        var body = Assert.Single(receiver.Requests).Json;
        var data = body["data"]!;
        Assert.Equal(("gift", "bob", "ann", gift.Text("giftId"), 20m), ((string?)body["type"], (string?)body["accountId"], (string?)data["from"], (string?)data["giftId"], (decimal)data["credits"]!));
    }

    [Fact]
    public async Task Who_wants_to_hear_of_neither_does_not()
    {
        await shop.App.GiveAsync("bob", 1, "adjustment");
        foreach (var user in new[] { "ann", "bob" })
        {
            await shop.App.SendAsync(HttpMethod.Put, "notifications/preferences?userId=" + user, new { webhookUrl = receiver.Url, kinds = new { purchase = Array.Empty<string>(), gift = Array.Empty<string>() } });
        }

        await shop.BuyAndPayAsync("ann");
        await GiveAsync();
        await DeliverAsync();

        Assert.Empty(receiver.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_crash_after_any_line_of_a_purchase_and_a_gift_tells_of_each_once(bool repliesAreLost)
    {
        await shop.App.GiveAsync("bob", 1, "adjustment");
        await ListenAsync("ann");
        await ListenAsync("bob");
        for (int line = 1, count = int.MaxValue; count >= line; line++)
        {
            var order = await shop.BuyAsync("ann");
            count = await BreakOffAsync(line, repliesAreLost, () => shop.SendAsync(shop.Completed(order)));
            count = Math.Max(count, await BreakOffAsync(line, repliesAreLost, () => GiveAsync("k" + line)));
            await shop.SendAsync(shop.Completed(order));
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
        shop.Storage.Faults = _ => Interlocked.Increment(ref count) >= line ? (repliesAreLost ? Fault.ReplyLost : Fault.Busy503) : Fault.None;
        await act();
        shop.Storage.Faults = _ => Fault.None;
        shop.App.Clock.Advance(TimeSpan.FromMinutes(6));
        await shop.TickAsync();
        return count;
    }

    private int Told(string kind) => receiver.Requests.Count(request => (string?)request.Json["type"] == kind);

    private async Task ListenAsync(string user) =>
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Put, "notifications/preferences?userId=" + user, new { webhookUrl = receiver.Url })).Status);

    private Task<Reply> GiveAsync(string key = "k") =>
        shop.App.SendAsync(HttpMethod.Post, "credits/gift", new { userId = "ann", toUserId = "bob", amount = 20 }, change: Shop.Key(key));

    private Task DeliverAsync()
    {
        shop.App.Clock.Advance(TimeSpan.FromMinutes(1));
        return ActivatorUtilities.CreateInstance<DeliverNotifications>(shop.App.Services).Run(new TimerInfo(), CancellationToken.None);
    }
}
