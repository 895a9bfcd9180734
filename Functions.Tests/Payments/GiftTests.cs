using ServerlessAi.Payments.Giving;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Payments;

public sealed class GiftTests
{
    [Fact]
    public async Task Only_purchased_credits_can_be_given_and_the_key_gives_them_once()
    {
        await using var shop = await OpenAsync();

        var first = await GiveAsync(shop, "bob", 20, "k");
        var again = await GiveAsync(shop, "bob", 20, "k");

        Assert.Equal((200, 200), (first.Status, again.Status));
        Assert.Equal(first.Text("giftId"), again.Text("giftId"));
        Assert.Equal((40, 30), (await CreditsAsync(shop, "ann"), await CreditsAsync(shop, "bob")));
        Assert.Equal((422, 402), ((await GiveAsync(shop, "bob", 21, "k")).Status, (await GiveAsync(shop, "bob", 31)).Status));
        await shop.AssertConservedAsync();
    }

    [Theory]
    [InlineData("ann", 1, 400)]
    [InlineData("nobody-knows", 1, 404)]
    [InlineData("system:warm-cache", 1, 400)]
    [InlineData("guest-1", 1, 400)]
    [InlineData("bob", 0, 400)]
    [InlineData("bob", -1, 400)]
    public async Task What_cannot_be_given_is_refused(string to, int amount, int status)
    {
        await using var shop = await OpenAsync();

        Assert.Equal(status, (await GiveAsync(shop, to, amount)).Status);
        Assert.Equal(60, await CreditsAsync(shop, "ann"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_crash_after_any_line_ends_with_both_or_neither(bool repliesAreLost)
    {
        for (var line = 1; ; line++)
        {
            await using var shop = await OpenAsync();
            var count = 0;
            shop.Storage.Faults = _ => Interlocked.Increment(ref count) >= line ? (repliesAreLost ? Fault.ReplyLost : Fault.Busy503) : Fault.None;
            var reply = await GiveAsync(shop, "bob", 20, "k");
            shop.Storage.Faults = _ => Fault.None;
            await shop.TickAsync();

            var (ann, bob) = (await CreditsAsync(shop, "ann"), await CreditsAsync(shop, "bob"));
            Assert.True((ann, bob) is (40, 30) or (60, 10), $"Line {line}: {ann}, {bob}.");
            Assert.True(reply.Status is 200 or 503 && (reply.Status != 200 || bob == 30), $"{reply.Status}");
            Assert.Equal(200, (await GiveAsync(shop, "bob", 20, "k")).Status);
            Assert.Equal((40, 30), (await CreditsAsync(shop, "ann"), await CreditsAsync(shop, "bob")));
            await shop.AssertConservedAsync();
            if (count < line)
            {
                break;
            }
        }
    }

    [Fact]
    public async Task A_gift_that_is_refused_when_it_is_repeated_cannot_leave_its_sender_by_a_first_write_that_is_late()
    {
        await using var shop = await Shop.OpenAsync();
        await using var other = await shop.OpenAnotherAsync();
        var expiresAt = shop.App.Clock.GetUtcNow().AddHours(1);
        await shop.App.PostAsync("manage/users/ann/credits", new { amount = 40, kind = "purchase", reason = "of an hour", expires_at = expiresAt }, shop.App.Admin);
        await shop.App.GiveAsync("bob", 1);
        var (isLate, repeated) = (false, default(Reply));
        shop.Storage.Faults = request =>
        {
            if (!isLate && request.IsTransaction && request.Partition == "ann" && request.Table.EndsWith("accounts", StringComparison.Ordinal))
            {
                // The first write stays on its way until another instance has said no to the same request.
                shop.App.Clock.Advance(TimeSpan.FromHours(1));
                isLate = true;
                repeated = GiveAsync(shop, "bob", 40, "k", other).GetAwaiter().GetResult();
            }

            return Fault.None;
        };

        var first = await GiveAsync(shop, "bob", 40, "k");

        Assert.Equal((402, 402), (first.Status, repeated!.Status));
        Assert.Equal((10, 11), (await CreditsAsync(shop, "ann"), await CreditsAsync(shop, "bob")));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_gift_that_one_request_of_a_key_was_refused_and_another_gave_before_it_died_arrives()
    {
        await using var shop = await OpenAsync();
        await using var other = await shop.OpenAnotherAsync();
        var (begun, refused, isDead) = (0, default(Reply), false);
        shop.Storage.Faults = request =>
        {
            if (IsWrite(request, "transfers"))
            {
                begun++;
                if (begun == 1)
                {
                    // The other request leaves its word after this one's, and is told no.
                    refused = GiveAsync(shop, "bob", 20, "k", other).GetAwaiter().GetResult();
                    shop.App.GiveAsync("ann", 50).GetAwaiter().GetResult();
                }
                else if (begun == 2)
                {
                    shop.App.GiveAsync("ann", -60).GetAwaiter().GetResult();
                }
            }

            isDead |= request.Partition == "bob" && request.IsTransaction;
            return isDead ? Fault.Busy503 : Fault.None;
        };

        var first = await GiveAsync(shop, "bob", 20, "k");
        shop.Storage.Faults = _ => Fault.None;

        Assert.Equal((503, 402), (first.Status, refused!.Status));
        Assert.Equal((30, 10), (await CreditsAsync(shop, "ann"), await CreditsAsync(shop, "bob")));
        await shop.TickAsync();
        Assert.Equal((30, 30), (await CreditsAsync(shop, "ann"), await CreditsAsync(shop, "bob")));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task A_gift_that_was_refused_is_not_given_when_credits_come_unless_it_is_asked_for_again()
    {
        await using var shop = await OpenAsync();
        await RefuseLateAsync(shop, "k");
        await shop.BuyAndPayAsync("ann");

        await shop.TickAsync();
        Assert.Equal(10, await CreditsAsync(shop, "bob"));

        Assert.Equal(200, (await GiveAsync(shop, "bob", 20, "k")).Status);
        Assert.Equal(30, await CreditsAsync(shop, "bob"));
        await shop.AssertConservedAsync();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("k")]
    public async Task Nothing_keeps_whom_a_refused_gift_was_for(string? key)
    {
        await using var shop = await OpenAsync();
        await RefuseLateAsync(shop, key);

        shop.App.Clock.Advance(TimeSpan.FromMinutes(16));
        await shop.TickAsync();

        Assert.Empty(await shop.App.Get<Transfers>().ReadEachAsync("ann", default).ToListAsync());
        Assert.Empty(await shop.App.Get<Agenda>().ReadDueAsync(TaskKind.Transfer, shop.App.Clock.GetUtcNow(), default));
    }

    [Fact]
    public async Task A_refused_gift_that_is_repeated_while_it_is_forgotten_arrives()
    {
        await using var shop = await OpenAsync();
        await using var other = await shop.OpenAnotherAsync();
        await RefuseLateAsync(shop, "k");
        await shop.BuyAndPayAsync("ann");
        shop.App.Clock.Advance(TimeSpan.FromMinutes(16));
        var (isForgetting, isDead) = (false, false);
        shop.Storage.Faults = request =>
        {
            if (!isForgetting && request.Method == "DELETE" && request.Table.EndsWith("transfers", StringComparison.Ordinal))
            {
                isForgetting = true;
                Assert.Equal(503, GiveAsync(shop, "bob", 20, "k", other).GetAwaiter().GetResult().Status);
                isDead = false;
                return Fault.None;
            }

            isDead |= request.Partition == "bob" && request.IsTransaction;
            return isDead ? Fault.Busy503 : Fault.None;
        };
        await shop.TickAsync();
        shop.Storage.Faults = _ => Fault.None;

        await shop.TickAsync();

        Assert.True(isForgetting);
        Assert.Equal(30, await CreditsAsync(shop, "bob"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Both_get_their_credits_after_the_first_purchase_of_whoever_was_referred_and_once()
    {
        await using var shop = await OpenAsync();
        var code = (await shop.App.GetAsync("credits/referral?userId=bob")).Text("code")!;
        Assert.Equal(code, (await shop.App.GetAsync("credits/referral?userId=bob")).Text("code"));
        Assert.Equal(409, (await ReferAsync(shop, "ann", code)).Status);
        Assert.Equal(400, (await ReferAsync(shop, "bob", code)).Status);
        Assert.Equal(404, (await ReferAsync(shop, "cy", "000000000000")).Status);
        Assert.Equal((200, 200), ((await ReferAsync(shop, "cy", code.ToLowerInvariant())).Status, (await ReferAsync(shop, "cy", code)).Status));

        await shop.BuyAndPayAsync("cy");
        await shop.BuyAndPayAsync("cy");

        Assert.Equal((10 + 100 + 5, 10 + 5), (await CreditsAsync(shop, "cy"), await CreditsAsync(shop, "bob")));
        await shop.AssertConservedAsync();
    }

    private static async Task<Shop> OpenAsync()
    {
        var shop = await Shop.OpenAsync();
        await shop.BuyAndPayAsync("ann");
        await shop.App.GiveAsync("bob", 1, "adjustment");
        await shop.App.GiveAsync("bob", -1);
        return shop;
    }

    // What is refused at once leaves nothing: the credits go between the look and the decision.
    private static async Task RefuseLateAsync(Shop shop, string? key)
    {
        var isGone = false;
        shop.Storage.Faults = request =>
        {
            if (!isGone && IsWrite(request, "transfers"))
            {
                isGone = true;
                shop.App.GiveAsync("ann", -60).GetAwaiter().GetResult();
            }

            return Fault.None;
        };
        Assert.Equal(402, (await GiveAsync(shop, "bob", 20, key)).Status);
        shop.Storage.Faults = _ => Fault.None;
    }

    private static bool IsWrite(SimulatedRequest request, string table) => request is { Method: "POST" or "PUT", Partition: "ann" } && request.Table.EndsWith(table, StringComparison.Ordinal);

    private static Task<Reply> ReferAsync(Shop shop, string user, string code) => shop.App.PostAsync("credits/referral", new { userId = user, code });

    private static Task<Reply> GiveAsync(Shop shop, string to, decimal amount, string? key = null, TestApp? at = null) =>
        (at ?? shop.App).SendAsync(HttpMethod.Post, "credits/gift", new { userId = "ann", toUserId = to, amount }, change: Shop.Key(key));

    private static async Task<decimal> CreditsAsync(Shop shop, string user) => (await shop.App.GetAsync("credits?userId=" + user)).Number("credits");
}
