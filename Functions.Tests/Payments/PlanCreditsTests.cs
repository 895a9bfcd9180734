using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Privacy;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Payments;

/// <summary>A plan's credits go back with the money of the period that they came with, and with no other's.</summary>
public sealed class PlanCreditsTests
{
    [Fact]
    public async Task What_came_back_with_a_won_dispute_is_taken_again_with_the_next_one()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await PlanAsync(shop);
        var seen = new List<decimal> { await CreditsAsync(shop) };

        foreach (var (type, status, id) in new[] { ("created", "needs_response", "dp_1"), ("closed", "won", "dp_1"), ("created", "needs_response", "dp_2"), ("closed", "won", "dp_2") })
        {
            await shop.SendAsync(shop.Disputed(order, "charge.dispute." + type, status, id));
            seen.Add(await CreditsAsync(shop));
        }

        await shop.SendAsync(shop.Refunded(order, 2_900));
        seen.Add(await CreditsAsync(shop));

        Assert.Equal([300, 0, 300, 0, 300, 0], seen);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Credits_that_come_back_end_with_their_period()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await PlanAsync(shop);
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "needs_response"));
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.closed", "won"));
        shop.App.Clock.Advance(TimeSpan.FromDays(31));

        Assert.Equal(0, await CreditsAsync(shop));
        await shop.AssertConservedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_period_is_over_they_last_a_month_and_go_when_the_money_does(bool isRefunded)
    {
        await using var shop = await Shop.OpenAsync();
        var order = await PlanAsync(shop);
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "needs_response"));
        shop.App.Clock.Advance(TimeSpan.FromDays(60));
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.closed", "won"));
        Assert.Equal(300, await CreditsAsync(shop));

        if (isRefunded)
        {
            await shop.SendAsync(shop.Refunded(order, 2_900));
        }
        else
        {
            shop.App.Clock.Advance(TimeSpan.FromDays(32));
        }

        Assert.Equal(0, await CreditsAsync(shop));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Paying_back_a_period_that_is_over_takes_nothing_of_the_one_that_runs()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await PlanAsync(shop);
        shop.App.Clock.Advance(TimeSpan.FromDays(31));
        await shop.RenewAsync();
        Assert.Equal(300, await CreditsAsync(shop));

        await shop.SendAsync(shop.Refunded(order, 2_900));

        Assert.Equal(300, await CreditsAsync(shop));
        var orders = (await shop.App.GetAsync("manage/orders?userId=ann", shop.App.Admin)).Body.GetProperty("orders").EnumerateArray();
        Assert.Equal(300, orders.Sum(known => known.GetProperty("creditsAbsorbed").GetDecimal()));
        await shop.AssertConservedAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_an_admin_has_brought_the_end_forward_a_period_still_knows_its_credits(bool isOfThePeriodBefore)
    {
        await using var shop = await Shop.OpenAsync();
        var order = await PlanAsync(shop);
        if (isOfThePeriodBefore)
        {
            shop.App.Clock.Advance(TimeSpan.FromDays(31));
            await shop.RenewAsync();
        }

        await shop.App.SubscribeAsync("ann", "basic", shop.App.Clock.GetUtcNow().AddDays(10));
        await shop.SendAsync(shop.Refunded(order, 2_900));

        Assert.Equal(isOfThePeriodBefore ? 300 : 0, await CreditsAsync(shop));
        await shop.App.SubscribeAsync("ann", "basic", shop.App.Clock.GetUtcNow().AddDays(29));
        shop.App.Clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal(0, await CreditsAsync(shop));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task What_came_back_is_told_from_what_was_bought_when_its_account_is_erased_too()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAndPayAsync("ann");
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "needs_response"));
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.closed", "won"));
        shop.App.Clock.Advance(ErasedRows.Settling + TimeSpan.FromSeconds(1));

        Assert.Equal(200, (await shop.App.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);

        var accounts = await shop.App.Get<Tables>().GetAsync(TableNames.Accounts);
        var entries = await accounts.QueryAsync<TableEntity>(row => row.RowKey.CompareTo("entry|") > 0 && row.RowKey.CompareTo("entry}") < 0).Select(AccountRows.ToEntry).ToListAsync();
        Assert.Equal(50_000_000, entries.Where(entry => entry is { Kind: EntryKind.Purchase, IsReturn: false }).Sum(entry => entry.AmountMicro));
        Assert.Single(entries, entry => entry.IsReturn);
    }

    [Fact]
    public async Task Bought_credits_that_come_back_are_not_bought_once_more()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAndPayAsync("ann");
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "needs_response"));
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.closed", "won"));

        var usage = (await shop.App.GetAsync("manage/usage", shop.App.Admin)).Body;
        var events = (await shop.App.GetAsync("subscription/billing/ann")).Body.GetProperty("data").GetProperty("events").EnumerateArray();

        Assert.Equal((50, 0), (usage.GetProperty("purchasedCredits").GetDecimal(), usage.GetProperty("refundedCredits").GetDecimal()));
        Assert.Equal(["disputeWon", "refund", "purchase"], events.Select(line => line.GetProperty("type").GetString()));
    }

    private static async Task<Reply> PlanAsync(Shop shop)
    {
        var order = await shop.BuyPlanAsync("ann");
        await shop.RenewAsync();
        return order;
    }

    // Without the ten of the welcome.
    private static async Task<decimal> CreditsAsync(Shop shop) =>
        await shop.App.GetAsync("credits?userId=ann") is var credits ? credits.Number("bonusCredits") + credits.Number("paidCredits") - 10 : 0;
}
