using System.Text.Json.Nodes;
using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Payments;

public sealed class RefundTests
{
    [Theory]
    [InlineData(new[] { 500L })]
    [InlineData(new[] { 1L, 2L, 3L, 499L, 500L })]
    [InlineData(new[] { 167L, 334L, 500L })]
    [InlineData(new[] { 334L, 167L, 500L, 334L })]
    public async Task Money_paid_back_in_parts_takes_back_exactly_all(long[] cumulative)
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAndPayAsync("ann");

        foreach (var cents in cumulative)
        {
            Assert.Equal(200, (await shop.SendAsync(shop.Refunded(order, cents))).Status);
            Assert.Equal(200, (await shop.SendAsync(shop.Refunded(order, cents))).Status);
        }

        Assert.Equal((0, "refunded"), (await shop.PaidCreditsAsync("ann"), (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("status").GetString()));
        Assert.Equal(10, (await shop.App.GetAsync("credits?userId=ann")).Number("credits"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_refund_that_comes_before_the_payment_is_taken_back_after_it()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAsync("ann");
        var completed = shop.Completed(order);

        await shop.SendAsync(shop.Refunded(order, 250));
        Assert.Equal(0, await shop.PaidCreditsAsync("ann"));
        await shop.SendAsync(completed);

        Assert.Equal(25, await shop.PaidCreditsAsync("ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task What_is_spent_already_is_ours_to_bear()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAndPayAsync("ann");
        Assert.Equal(200, (await shop.App.GiveAsync("ann", -30)).Status);

        await shop.SendAsync(shop.Refunded(order, 500));

        var seen = await shop.OrderAsync("ann");
        Assert.Equal((0, 30, 20), ((await shop.App.GetAsync("credits?userId=ann")).Number("credits"), seen.GetProperty("order").GetProperty("creditsTakenBack").GetDecimal(), seen.GetProperty("creditsAbsorbed").GetDecimal()));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_dispute_takes_the_credits_and_gives_them_back_when_it_is_won()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAndPayAsync("ann");

        Assert.Equal(200, (await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "needs_response"))).Status);
        Assert.Equal((0, "disputed"), (await shop.PaidCreditsAsync("ann"), (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("status").GetString()));
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.closed", "won"));
        // Late, and out of order.
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "needs_response"));

        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.closed", "lost", "dp_2"));
        Assert.Equal(0, await shop.PaidCreditsAsync("ann"));
        await shop.AssertConservedAsync();
    }

    [Theory]
    [InlineData("charge.dispute.updated")]
    [InlineData("charge.dispute.funds_withdrawn")]
    public async Task An_inquiry_that_becomes_a_dispute_counts_from_then_on_and_once(string type)
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAndPayAsync("ann");
        Assert.Equal(200, (await shop.SendAsync(shop.Disputed(order, "charge.dispute.created", "warning_needs_response"))).Status);
        Assert.Equal(200, (await shop.SendAsync(shop.Disputed(order, "charge.dispute.updated", "warning_under_review"))).Status);
        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));

        await shop.SendAsync(shop.Disputed(order, type, "needs_response"));
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.updated", "under_review"));
        await shop.SendAsync(shop.Disputed(order, "charge.dispute.funds_withdrawn", "needs_response"));
        Assert.Equal((0, "disputed"), (await shop.PaidCreditsAsync("ann"), (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("status").GetString()));

        await shop.SendAsync(shop.Disputed(order, "charge.dispute.closed", "won"));
        // Late, and out of order.
        await shop.SendAsync(shop.Disputed(order, type, "needs_response"));
        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_refund_that_does_not_reach_the_payer_is_noted_once_and_moves_no_credits()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAndPayAsync("ann");
        await shop.SendAsync(shop.Refunded(order, 200));
        var failed = new JsonObject
        {
            ["id"] = "re_1",
            ["object"] = "refund",
            ["amount"] = 200,
            ["currency"] = "usd",
            ["status"] = "failed",
            ["failure_reason"] = "lost_or_stolen_card",
            ["payment_intent"] = shop.PaymentOf(order),
        };

        Assert.Equal((200, 200), ((await shop.SendAsync(Shop.Event("refund.failed", failed))).Status, (await shop.SendAsync(Shop.Event("charge.refund.updated", failed))).Status));
        failed["status"] = "succeeded";
        await shop.SendAsync(Shop.Event("charge.refund.updated", failed));

        var seen = await shop.OrderAsync("ann");
        Assert.Equal("a refund of 2.00 usd did not reach the payer (lost_or_stolen_card): see the gateway", Assert.Single(seen.GetProperty("notes").EnumerateArray()).GetString());
        Assert.Equal(30, await shop.PaidCreditsAsync("ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_dispute_of_somebody_elses_payment_is_nothing_of_ours()
    {
        await using var shop = await Shop.OpenAsync();
        var dispute = shop.Disputed(await shop.BuyAndPayAsync("ann"), "charge.dispute.created", "needs_response");
        dispute["data"]!["object"]!["payment_intent"] = "pi_of_another_shop";

        Assert.Equal(200, (await shop.SendAsync(dispute)).Status);
        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
    }

    [Fact]
    public async Task An_admin_pays_back_through_Stripe_and_Stripes_own_event_changes_nothing_more()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAndPayAsync("ann");
        var path = $"manage/orders/ann/{order.Text("orderId")}/refund";

        var part = await shop.App.SendAsync(HttpMethod.Post, path, new { amount = 1.00 }, shop.App.Admin, Shop.Key("r"));
        var same = await shop.App.SendAsync(HttpMethod.Post, path, new { amount = 1.00 }, shop.App.Admin, Shop.Key("r"));
        await shop.SendAsync(shop.Refunded(order, 100));
        Assert.Equal((200, 200, 40), (part.Status, same.Status, await shop.PaidCreditsAsync("ann")));

        Assert.Equal(400, (await shop.App.PostAsync(path, new { amount = 4.01 }, shop.App.Admin)).Status);
        Assert.Equal(200, (await shop.App.PostAsync(path, new { }, shop.App.Admin)).Status);
        Assert.Equal(0, await shop.PaidCreditsAsync("ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_timer_that_comes_between_the_word_of_a_fact_and_the_fact_leaves_the_word()
    {
        await using var shop = await Shop.OpenAsync();
        await using var other = await shop.OpenAnotherAsync();
        var refunded = shop.Refunded(await shop.BuyAndPayAsync("ann"), 200);
        var (hasLooked, isDown) = (false, false);
        shop.Storage.Faults = request =>
        {
            if (!hasLooked && request.Method == "PUT" && request.Partition == "ann" && request.Table.EndsWith("orders", StringComparison.Ordinal))
            {
                hasLooked = true;
                shop.TickAsync(other).GetAwaiter().GetResult();
                isDown = true;
            }

            return isDown && request.Table.EndsWith("accounts", StringComparison.Ordinal) ? Fault.Busy503 : Fault.None;
        };
        Assert.Equal((503, true), ((await shop.SendAsync(refunded)).Status, hasLooked));
        shop.Storage.Faults = _ => Fault.None;

        await shop.TickAsync(other);

        Assert.Equal(30, await shop.PaidCreditsAsync("ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_crash_after_any_line_of_a_refund_takes_back_once_in_the_end()
    {
        for (var line = 1; ; line++)
        {
            await using var shop = await Shop.OpenAsync();
            var order = await shop.BuyAndPayAsync("ann");
            var refunded = shop.Refunded(order, 200);
            var count = 0;
            shop.Storage.Faults = _ => Interlocked.Increment(ref count) >= line ? Fault.ReplyLost : Fault.None;
            var reply = await shop.SendAsync(refunded);
            shop.Storage.Faults = _ => Fault.None;
            await (reply.Status == 200 ? shop.TickAsync() : shop.SendAsync(refunded));
            await shop.TickAsync();

            Assert.Equal(30, await shop.PaidCreditsAsync("ann"));
            await shop.AssertConservedAsync();
            if (count < line)
            {
                break;
            }
        }
    }
}
