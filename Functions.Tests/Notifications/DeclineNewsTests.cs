using ServerlessAi.Simulator.Storage;
using ServerlessAi.Tests.Payments;

namespace ServerlessAi.Tests.Notifications;

/// <summary>Whose card is declined while they are away is told of each try, once.</summary>
public sealed class DeclineNewsTests : ListeningShop
{
    [Fact]
    public async Task A_top_up_that_is_declined_is_told_by_webhook_and_mail_once_whatever_number_of_timers_look()
    {
        await using var other = await Shop.OpenAnotherAsync();
        await SwitchTopUpOnAsync();
        await Shop.App.SendAsync(HttpMethod.Put, "manage/users/ann/notifications", new { email = "ann@example.org", webhookUrl = Receiver.Url }, Shop.App.Admin);

        await SpendAllAsync();
        await Task.WhenAll(Shop.TickAsync(), Shop.TickAsync(other), Shop.TickAsync());
        await Shop.TickAsync(other);
        await DeliverAsync();
        await DeliverAsync();

        var body = Assert.Single(Receiver.Requests, request => (string?)request.Json["type"] == "payment_failed").Json;
        var data = body["data"]!;
        Assert.Equal(("ann", "topUp", 1, 5m, "usd"), ((string?)body["accountId"], (string?)data["orderKind"], (int)data["try"]!, (decimal)data["amount"]!, (string?)data["currency"]));
        var mail = Assert.Single(Sink.Mails, mail => mail.Header("Subject")!.StartsWith("A payment failed", StringComparison.Ordinal));
        Assert.Contains("The charge of 5.00 USD for", mail.Body.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("switched off", mail.Body.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_try_of_a_renewal_that_is_declined_is_told_before_the_plan_ends()
    {
        await BuyPlanAsync();
        await ListenAsync("ann");
        Shop.Stripe.DeclinesSavedCards = true;
        Shop.App.Clock.Advance(TimeSpan.FromDays(31));

        for (var hour = 0; hour < 80; hour++)
        {
            await Shop.RenewAsync();
            await Shop.TickAsync();
            Shop.App.Clock.Advance(TimeSpan.FromHours(1));
        }

        await DeliverAsync();

        var told = Receiver.Requests.Where(request => (string?)request.Json["type"] == "payment_failed").Select(request => request.Json["data"]!).ToList();
        Assert.Equal([1, 2, 3], told.Select(data => (int)data["try"]!).Order());
        Assert.All(told, data => Assert.Equal(("renewal", 29m), ((string?)data["orderKind"], (decimal)data["amount"]!)));
    }

    [Fact]
    public async Task Who_wants_to_hear_of_other_things_alone_is_not_told()
    {
        await SwitchTopUpOnAsync();
        var wanted = new { webhookUrl = Receiver.Url, kinds = new { payment_failed = Array.Empty<string>() } };
        Assert.Equal(200, (await Shop.App.SendAsync(HttpMethod.Put, "notifications/preferences?userId=ann", wanted)).Status);

        await SpendAllAsync();
        await Shop.TickAsync();
        await DeliverAsync();

        Assert.DoesNotContain(Receiver.Requests, request => (string?)request.Json["type"] == "payment_failed");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_crash_after_any_line_of_a_decline_tells_of_it_once(bool repliesAreLost)
    {
        await SwitchTopUpOnAsync();
        await ListenAsync("ann");
        for (int line = 1, count = int.MaxValue; count >= line; line++)
        {
            count = 0;
            await SpendAllAsync();
            Shop.Storage.Faults = _ => Interlocked.Increment(ref count) >= line ? (repliesAreLost ? Fault.ReplyLost : Fault.Busy503) : Fault.None;
            await Record.ExceptionAsync(() => Shop.TickAsync());
            Shop.Storage.Faults = _ => Fault.None;
            await Shop.TickAsync();
            await DeliverAsync();
            await Shop.TickAsync();
            await DeliverAsync();

            Assert.Equal(line, Told("payment_failed"));
            await SetTopUpAsync();
        }
    }

    private Task BuyPlanAsync() => PayAsync("basic");

    private async Task PayAsync(string plan)
    {
        var order = await Shop.App.PostAsync("subscription/checkout", new { userId = "ann", plan });
        Assert.Equal(200, (await Shop.SendAsync(Shop.Completed(order))).Status);
        await Shop.RenewAsync();
    }

    private async Task SwitchTopUpOnAsync()
    {
        await SetTopUpAsync();
        await Shop.BuyAndPayAsync("ann", quantity: 2);
        Assert.Equal(200, (await SetTopUpAsync()).Status);
        Shop.Stripe.DeclinesSavedCards = true;
    }

    private Task<Reply> SetTopUpAsync() =>
        Shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", new { userId = "ann", enabled = true, thresholdCredits = 20, packageId = "starter", monthlyLimitUsd = 1_000 });

    private async Task SpendAllAsync()
    {
        var left = (await Shop.App.GetAsync("credits?userId=ann")).Number("credits");
        if (left > 0)
        {
            await Shop.App.GiveAsync("ann", -left);
        }
    }
}
