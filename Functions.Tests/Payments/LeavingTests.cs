using ServerlessAi.Accounts;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Privacy;
using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Payments;

/// <summary>Who deletes their account while something they gave, were given or bought has not been noted: once the account's rows are gone, nobody could tell any more.</summary>
public sealed class LeavingTests
{
    [Fact]
    public async Task A_gift_that_is_repeated_while_its_sender_is_deleted_arrives()
    {
        await using var shop = await OpenAsync();
        await using var other = await shop.OpenAnotherAsync();
        shop.Storage.Faults = request => request.IsTransaction && IsOf(request, "bob") ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await GiveAsync(shop.App)).Status);
        var repeated = default(Reply);
        shop.Storage.Faults = request =>
        {
            if (repeated is null && request.Method == "PUT" && request.Table.EndsWith("transfers", StringComparison.Ordinal))
            {
                // Somebody comes between the look at the gift and the note that it has left.
                shop.Storage.Faults = nested => nested.IsTransaction && IsOf(nested, "bob") ? Fault.Busy503 : Fault.None;
                repeated = GiveAsync(other).GetAwaiter().GetResult();
            }

            return request.IsTransaction && IsOf(request, "bob") ? Fault.Busy503 : Fault.None;
        };
        shop.App.Clock.Advance(ErasedRows.Settling + TimeSpan.FromSeconds(1));
        await shop.App.SendAsync(HttpMethod.Delete, "account?userId=ann");
        Assert.Equal(503, repeated!.Status);
        await shop.App.Get<Erasures>().FinishAllAsync(default);
        shop.Storage.Faults = _ => Fault.None;

        await shop.TickAsync();

        Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync("ann"));
        Assert.Equal(80, (await shop.App.GetAsync("credits?userId=bob")).Number("credits"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_gift_that_arrived_is_not_given_back_because_its_receiver_left_before_that_was_noted()
    {
        await using var shop = await OpenAsync();
        shop.Storage.Faults = request => request.Table.EndsWith("outbox", StringComparison.Ordinal) ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await GiveAsync(shop.App)).Status);
        shop.Storage.Faults = _ => Fault.None;
        Assert.Equal(80, (await shop.App.GetAsync("credits?userId=bob")).Number("credits"));

        await LeaveAsync(shop, "bob");
        await shop.TickAsync();

        Assert.Equal((200, 40), ((await GiveAsync(shop.App)).Status, (await shop.App.GetAsync("credits?userId=ann")).Number("credits")));
        await AssertGivenAndReceivedAsync(shop);
    }

    [Fact]
    public async Task Who_still_believes_that_a_gift_has_not_arrived_does_not_give_it_back_when_its_receiver_has_left()
    {
        await using var shop = await OpenAsync();
        await using var other = await shop.OpenAnotherAsync();
        var hasLeft = false;
        shop.Storage.Faults = request =>
        {
            if (!hasLeft && request.IsTransaction && IsOf(request, "ann"))
            {
                hasLeft = true;
                Assert.Equal(200, GiveAsync(other).GetAwaiter().GetResult().Status);
                LeaveAsync(shop, "bob", other).GetAwaiter().GetResult();
            }

            return Fault.None;
        };

        Assert.Equal(200, (await GiveAsync(shop.App)).Status);

        Assert.True(hasLeft);
        Assert.Equal(40, (await shop.App.GetAsync("credits?userId=ann")).Number("credits"));
        await AssertGivenAndReceivedAsync(shop);
    }

    [Fact]
    public async Task A_code_that_was_redeemed_is_not_given_back_because_its_user_left_before_that_was_noted()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.GiveAsync("ann", 1, "adjustment");
        await shop.App.PostAsync("manage/codes", new { id = "ONCE", kind = "credits", value = 5, max_redemptions = 1 }, shop.App.Admin);
        var granted = false;
        shop.Storage.Faults = request =>
        {
            granted |= request.IsTransaction && IsOf(request, "ann");
            return granted && request.Table.EndsWith("orders", StringComparison.Ordinal) ? Fault.Busy503 : Fault.None;
        };
        Assert.Equal(503, (await RedeemAsync(shop)).Status);
        shop.Storage.Faults = _ => Fault.None;

        await LeaveAsync(shop, "ann");
        await shop.TickAsync();

        Assert.True(granted);
        Assert.Equal(409, (await RedeemAsync(shop)).Status);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Who_comes_back_has_used_the_code_although_the_clock_of_the_deletion_was_behind()
    {
        await using var shop = await Shop.OpenAsync();
        await using var behind = await shop.OpenAnotherAsync();
        await shop.App.GiveAsync("ann", 1, "adjustment");
        await shop.App.PostAsync("manage/codes", new { id = "ONCE", kind = "credits", value = 5, max_redemptions = 1 }, shop.App.Admin);
        shop.App.Clock.Advance(ErasedRows.Settling + TimeSpan.FromMinutes(5));
        Assert.Equal(200, (await RedeemAsync(shop)).Status);
        shop.App.Clock.Advance(TimeSpan.FromMinutes(-4));

        Assert.Equal(200, (await behind.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);

        Assert.Null(await behind.Get<AccountStore>().ReadStoredAsync("ann"));
        Assert.Equal(409, (await RedeemAsync(shop)).Status);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task What_was_delivered_is_not_paid_back_because_storage_was_away_when_its_buyer_left()
    {
        var isAlwaysThere = false;
        for (var nth = 1; !isAlwaysThere; nth++)
        {
            await using var shop = await Shop.OpenAsync();
            var order = await shop.BuyAsync("ann");
            shop.Storage.Faults = request => request.Table.EndsWith("outbox", StringComparison.Ordinal) ? Fault.Busy503 : Fault.None;
            Assert.Equal(503, (await shop.SendAsync(shop.Completed(order))).Status);
            shop.App.Clock.Advance(ErasedRows.Settling + TimeSpan.FromSeconds(1));

            // Away from the n-th look at the account on, until somebody asks for something else.
            var (looks, isAway) = (0, true);
            shop.Storage.Faults = request =>
            {
                var isLook = request.Table.EndsWith("accounts", StringComparison.Ordinal) && IsOf(request, "ann");
                looks += isLook ? 1 : 0;
                isAway &= looks <= nth || isLook;
                return isLook && looks >= nth && isAway ? Fault.Busy503 : Fault.None;
            };
            var left = await shop.App.SendAsync(HttpMethod.Delete, "account?userId=ann");
            isAlwaysThere = looks < nth;
            shop.Storage.Faults = _ => Fault.None;
            if (left.Status != 200)
            {
                await LeaveAsync(shop, "ann");
            }

            await shop.App.Get<Erasures>().FinishAllAsync(default);
            await shop.TickAsync();
            await shop.SendAsync(shop.Completed(order));

            Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync("ann"));
            Assert.Equal("fulfilled", (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("status").GetString());
            Assert.DoesNotContain(shop.Stripe.Requests, request => request.Path == "/v1/refunds");
            await shop.AssertConservedAsync();
        }
    }

    [Fact]
    public async Task Who_brought_somebody_has_the_credits_although_they_left_before_their_first_order_was_noted()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.App.GiveAsync("bob", 1);
        var code = (await shop.App.GetAsync("credits/referral?userId=bob")).Text("code");
        Assert.Equal(200, (await shop.App.PostAsync("credits/referral", new { userId = "ann", code })).Status);
        var order = await shop.BuyAsync("ann");
        shop.Storage.Faults = request => request.Table.EndsWith("outbox", StringComparison.Ordinal) ? Fault.Busy503 : Fault.None;
        Assert.Equal(503, (await shop.SendAsync(shop.Completed(order))).Status);
        shop.Storage.Faults = _ => Fault.None;

        await LeaveAsync(shop, "ann");
        await shop.TickAsync();

        Assert.Equal(16, (await shop.App.GetAsync("credits?userId=bob")).Number("credits"));
        await shop.AssertConservedAsync();
    }

    // 50 purchased credits and 10 for signing up, each.
    private static async Task<Shop> OpenAsync()
    {
        var shop = await Shop.OpenAsync();
        await shop.BuyAndPayAsync("ann");
        await shop.BuyAndPayAsync("bob");
        return shop;
    }

    private static Task<Reply> GiveAsync(TestApp app) =>
        app.SendAsync(HttpMethod.Post, "credits/gift", new { userId = "ann", toUserId = "bob", amount = 20 }, change: Shop.Key("k"));

    private static Task<Reply> RedeemAsync(Shop shop) => shop.App.PostAsync("credits/redeem", new { userId = "ann", code = "once" });

    private static async Task LeaveAsync(Shop shop, string user, TestApp? at = null)
    {
        shop.App.Clock.Advance(ErasedRows.Settling + TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await (at ?? shop.App).SendAsync(HttpMethod.Delete, "account?userId=" + user)).Status);
        Assert.Null(await shop.App.Get<AccountStore>().ReadStoredAsync(user));
    }

    private static async Task AssertGivenAndReceivedAsync(Shop shop)
    {
        var audit = await shop.App.GetAsync("manage/audit", shop.App.Admin);
        Assert.Equal((true, audit.Number("giftedOut")), (audit.Flag("conserved"), audit.Number("giftedIn")));
    }

    private static bool IsOf(SimulatedRequest request, string partition) => string.Equals(request.Partition, partition, StringComparison.Ordinal);
}
