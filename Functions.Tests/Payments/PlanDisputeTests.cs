using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Payments;

/// <summary>A disputed order's plan ends, and comes back when the dispute is won.</summary>
public sealed class PlanDisputeTests
{
    [Fact]
    public async Task A_plan_given_back_after_a_dispute_lasts_to_the_end_of_its_period_and_is_not_charged_for_again()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyPlanAsync("ann");
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "needs_response"));
        Assert.Equal("free", await PlanOfAsync(shop));
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.closed", "won"));
        Assert.Equal("basic", await PlanOfAsync(shop));
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "lost", id: "dp_2"));
        Assert.Equal("free", await PlanOfAsync(shop));
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.closed", "won", id: "dp_2"));
        Assert.Equal("basic", await PlanOfAsync(shop));

        shop.App.Clock.Advance(TimeSpan.FromDays(31));
        await shop.RenewAsync();

        Assert.Equal(("free", 0), (await PlanOfAsync(shop), shop.Stripe.ChargedCents));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_dispute_won_elsewhere_at_any_moment_of_the_plans_ending_gives_the_plan_back()
    {
        for (var line = 1; ; line++)
        {
            await using var shop = await Shop.OpenAsync();
            await using var other = await shop.OpenAnotherAsync();
            var order = await shop.BuyPlanAsync("ann");
            var won = shop.Disputed(order, "charge.dispute.closed", "won");
            var count = 0;
            Task<Reply>? heard = null;
            shop.Storage.Faults = _ =>
            {
                if (Interlocked.Increment(ref count) == line)
                {
                    // This request waits for all that the other instance does; none of its own comes back here.
                    heard = shop.SendAsync(won, other);
                    heard.GetAwaiter().GetResult();
                }

                return Fault.None;
            };
            await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "needs_response"));
            shop.Storage.Faults = _ => Fault.None;
            var isLast = heard is null;
            heard ??= shop.SendAsync(won, other);
            Assert.Equal((line, 200), (line, (await heard).Status));

            await shop.TickAsync();

            var credits = await other.GetAsync("credits?userId=ann");
            Assert.Equal((line, "basic", 310), (line, await PlanOfAsync(shop), credits.Number("bonusCredits") + credits.Number("paidCredits")));
            await shop.AssertConservedAsync();
            if (isLast)
            {
                break;
            }
        }
    }

    [Fact]
    public async Task A_dispute_won_when_the_period_is_over_or_another_plan_was_bought_gives_back_credits_and_says_so()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyPlanAsync("ann");
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "needs_response"));
        await shop.BuyPlanAsync("ann", "starter");

        await shop.SendAsync(shop.Disputed(order, "charge.dispute.closed", "won"));

        Assert.Equal("starter", await PlanOfAsync(shop));
        var seen = (await shop.App.GetAsync("manage/orders?userId=ann", shop.App.Admin)).Body.GetProperty("orders").EnumerateArray().Single(known => known.GetProperty("order").GetProperty("plan").GetString() == "basic");
        Assert.Contains("too late", seen.GetProperty("notes").ToString(), StringComparison.Ordinal);
        await shop.AssertConservedAsync();
    }

    private static async Task<string?> PlanOfAsync(Shop shop) =>
        (await shop.App.GetAsync("subscription/user/ann/subscription")).Body.GetProperty("data").GetProperty("subscription").GetProperty("plan").GetString();
}
