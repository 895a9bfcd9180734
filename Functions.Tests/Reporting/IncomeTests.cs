using System.Text.Json;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Privacy;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Contracts;
using ServerlessAi.Tests.Payments;

namespace ServerlessAi.Tests.Reporting;

/// <summary>Reports say what was really received and given back, once, whatever a credit is worth.</summary>
public sealed class IncomeTests
{
    [Fact]
    public async Task Packages_plans_and_top_ups_count_with_what_was_paid_for_them()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.PostAsync("manage/codes", new { id = "half", kind = "percent", value = 50 }, shop.App.Admin);
        await PayAsync(shop, await shop.BuyAsync("ann", "pro"));
        await PayAsync(shop, await shop.BuyAsync("bob", "popular", promoCode: "half"));
        await PlanAsync(shop, "ann", "basic");
        await TopUpAsync(shop, "ann");

        var income = await IncomeAsync(shop);

        // $30 for 500 credits and $7.50 for 200, not $50 and $20.
        Payload.AssertSame(
            """
            [{"currency":"usd","orders":4,"received":71.5,"refunded":0,"net":71.5,
              "byKind":{"packages":{"orders":2,"received":37.5,"refunded":0,"net":37.5},"plans":{"orders":1,"received":29,"refunded":0,"net":29},"topUps":{"orders":1,"received":5,"refunded":0,"net":5}}}]
            """,
            income);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_plan_that_is_paid_back_is_in_balance_with_what_it_brought_in()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await PlanAsync(shop, "ann", "basic");

        await shop.SendAsync(shop.Refunded(order, 1_000));
        await shop.SendAsync(shop.Refunded(order, 2_900));
        await shop.SendAsync(shop.Refunded(order, 2_900));

        var usage = (await shop.App.GetAsync("manage/usage", shop.App.Admin)).Body;
        Assert.Equal((29, 29, 0), Plans(await IncomeAsync(shop)));
        Assert.Equal((0, 0), (usage.GetProperty("purchasedCredits").GetDecimal(), usage.GetProperty("refundedCredits").GetDecimal()));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_plan_without_credits_brings_in_and_gives_back_the_same_money()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.SendAsync(HttpMethod.Put, "manage/plans/basic", new { credits = 0 }, shop.App.Admin);
        var order = await PlanAsync(shop, "ann", "basic");
        Assert.Equal((29, 0, 29), Plans(await IncomeAsync(shop)));

        await shop.SendAsync(shop.Refunded(order, 900));

        Assert.Equal((29, 9, 20), Plans(await IncomeAsync(shop)));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Money_that_comes_back_with_a_dispute_that_is_won_is_not_given_back_any_more_although_the_credits_were_spent()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAndPayAsync("ann");
        await shop.App.GiveAsync("ann", -55);

        await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "needs_response"));
        var meanwhile = Part(await IncomeAsync(shop), "packages");
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.closed", "won"));

        Assert.Equal(((5, 5, 0), (5, 0, 5)), (meanwhile, Part(await IncomeAsync(shop), "packages")));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task What_is_paid_back_after_the_account_was_deleted_is_given_back_all_the_same()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAndPayAsync("ann");
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);
        shop.App.Clock.Advance(Erasures.Quiet + TimeSpan.FromMinutes(1));
        await shop.App.Get<Erasures>().FinishAllAsync(CancellationToken.None);

        await shop.SendAsync(shop.Refunded(order, 200));
        await shop.SendAsync(shop.Refunded(order, 500));
        await shop.SendAsync(shop.Refunded(order, 500));

        Assert.Equal((5, 5, 0), Part(await IncomeAsync(shop), "packages"));
        Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync("ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task What_could_not_be_delivered_is_no_income()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAsync("ann");
        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);

        Assert.Equal(200, (await shop.SendAsync(shop.Completed(order))).Status);
        await shop.TickAsync();

        Assert.Empty((await IncomeAsync(shop)).EnumerateArray());
    }

    [Fact]
    public async Task Two_instances_and_a_crash_after_any_line_count_each_cent_once()
    {
        for (var (line, count) = (1, int.MaxValue); count >= line; line++)
        {
            await using var shop = await Shop.OpenAsync();
            await using var other = await shop.OpenAnotherAsync();
            var order = await shop.BuyAsync("ann");
            var (completed, refunded) = (shop.Completed(order), shop.Refunded(order, 200));
            count = await BreakOffAsync(shop, line, () => shop.SendAsync(completed));
            await Task.WhenAll(shop.SendAsync(completed), shop.SendAsync(completed, other));
            count = Math.Max(count, await BreakOffAsync(shop, line, () => shop.SendAsync(refunded)));
            await Task.WhenAll(shop.SendAsync(refunded, other), shop.SendAsync(refunded));
            shop.App.Clock.Advance(TimeSpan.FromHours(1));
            await other.Get<PlatformUse>().FlushAsync(CancellationToken.None);
            await shop.App.Get<SpendReconciler>().ReconcileAsync(CancellationToken.None);

            Assert.Equal((5, 2, 3), Part(await IncomeAsync(shop), "packages"));
            await shop.AssertConservedAsync();
        }
    }

    [Fact]
    public async Task The_billing_history_says_what_was_paid_by_event_and_by_month()
    {
        await using var shop = await Shop.OpenAsync();
        await PlanAsync(shop, "ann", "basic");
        shop.App.Clock.Advance(TimeSpan.FromDays(20));
        var order = await shop.BuyAndPayAsync("ann", "popular");
        shop.App.Clock.Advance(TimeSpan.FromMinutes(1));
        await shop.SendAsync(shop.Refunded(order, 750));

        var data = (await shop.App.GetAsync("subscription/billing/ann")).Body.GetProperty("data");

        Assert.Equal(
            [("refund", -7.5m, -100m), ("purchase", 15m, 200m), ("started", 29m, 300m)],
            data.GetProperty("events").EnumerateArray().Select(line => (line.GetProperty("type").GetString()!, line.GetProperty("amount").GetDecimal(), line.GetProperty("credits").GetDecimal())));
        Payload.AssertSame("""[{"period":"2040-05","currency":"usd","received":29,"refunded":0},{"period":"2040-06","currency":"usd","received":15,"refunded":7.5}]""", data.GetProperty("months"));
    }

    [Fact]
    public async Task A_billing_history_of_any_length_is_read_page_by_page_and_shows_each_event_once()
    {
        await using var shop = await Shop.OpenAsync();
        for (var i = 0; i < 5; i++)
        {
            // Several of a moment, of both kinds.
            await shop.App.SubscribeAsync("ann", i % 2 == 0 ? "basic" : "pro");
            await shop.App.GiveAsync("ann", 1 + i);
            await shop.App.GiveAsync("ann", 10 + i);
        }

        var (seen, next, pages) = (new List<string>(), "", 0);
        do
        {
            var data = (await shop.App.GetAsync($"subscription/billing/ann?limit=4&next={next}")).Body.GetProperty("data");
            seen.AddRange(data.GetProperty("events").EnumerateArray().Select(line => line.GetProperty("operation_id").GetString() + line.GetProperty("credits")));
            Assert.Equal(pages == 0, data.TryGetProperty("months", out _));
            next = data.TryGetProperty("next", out var more) ? more.GetString() : null;
            pages++;
        }
        while (next is not null);

        Assert.Equal((15, 15, 4), (seen.Count, seen.Distinct().Count(), pages));
        Assert.Equal(400, (await shop.App.GetAsync("subscription/billing/ann?limit=101")).Status);
        Assert.Equal(400, (await shop.App.GetAsync("subscription/billing/ann?next=bm8")).Status);
    }

    [Fact]
    public void Rows_from_before_money_was_counted_are_read_as_they_are()
    {
        var bill = StoredJson.Read<Bill>("""{"sequence":2,"kind":"Purchase","amountMicro":50000000,"balanceMicro":60000000,"operationId":"order-1","at":"2040-05-16T12:00:00+00:00","parts":[{"grantId":"order-1","micro":50000000}],"reason":"purchase"}""");
        var report = StoredJson.Read<MonthReport>("""{"month":"204005","byModel":{"a>b":{"calls":2,"inputTokens":3}},"purchasedMicro":7}""");
        var operation = StoredJson.Read<OperationRecord>("""{"operationId":"order-1","sequence":2,"amountMicro":5,"balanceMicro":6,"at":"2040-05-16T12:00:00+00:00"}""");

        Assert.Equal((EntryKind.Purchase, 50_000_000, 2, null), (bill.Kind, bill.AmountMicro, bill.Sequence, bill.Income));
        Assert.Equal((0, null, null), (report.Income.Count, report.Total().Sizes, operation.Income));
    }

    [Fact]
    public async Task An_order_that_was_paid_before_money_was_counted_is_not_counted_when_it_is_paid_back()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAsync("ann");
        var orders = shop.App.Get<ServerlessAi.Payments.Orders.OrderStore>();
        await orders.ChangeAsync("ann", order.Text("orderId")!, known => known with { PaidAt = shop.App.Clock.GetUtcNow(), PaymentId = shop.PaymentOf(order) }, default);
        await shop.TickAsync();

        await shop.SendAsync(shop.Refunded(order, 200));

        Assert.Equal(30, await shop.PaidCreditsAsync("ann"));
        Assert.Empty((await IncomeAsync(shop)).EnumerateArray());
        await shop.AssertConservedAsync();
    }

    private static async Task<int> BreakOffAsync(Shop shop, int line, Func<Task<Reply>> act)
    {
        var count = 0;
        shop.Storage.Faults = _ => Interlocked.Increment(ref count) >= line ? Fault.ReplyLost : Fault.None;
        await act();
        shop.Storage.Faults = _ => Fault.None;
        return count;
    }

    private static async Task PayAsync(Shop shop, Reply order) => Assert.Equal(200, (await shop.SendAsync(shop.Completed(order))).Status);

    private static async Task<Reply> PlanAsync(Shop shop, string user, string plan)
    {
        var order = await shop.App.PostAsync("subscription/checkout", new { userId = user, plan });
        await PayAsync(shop, order);
        return order;
    }

    private static async Task TopUpAsync(Shop shop, string user)
    {
        await shop.App.SendAsync(HttpMethod.Put, "credits/auto-topup", new { userId = user, enabled = true, thresholdCredits = 40, packageId = "starter", monthlyLimitUsd = 5 });
        await shop.App.GiveAsync(user, -(await shop.App.GetAsync("credits?userId=" + user)).Number("credits"));
        await shop.TickAsync();
    }

    private static async Task<JsonElement> IncomeAsync(Shop shop) => (await shop.App.GetAsync("manage/usage", shop.App.Admin)).Body.GetProperty("income");

    private static (decimal Received, decimal Refunded, decimal Net) Plans(JsonElement income) => Part(income, "plans");

    private static (decimal Received, decimal Refunded, decimal Net) Part(JsonElement income, string kind)
    {
        var part = Assert.Single(income.EnumerateArray()).GetProperty("byKind").GetProperty(kind);
        return (part.GetProperty("received").GetDecimal(), part.GetProperty("refunded").GetDecimal(), part.GetProperty("net").GetDecimal());
    }
}
