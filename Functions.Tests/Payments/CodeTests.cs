using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Payments;

public sealed class CodeTests
{
    [Fact]
    public async Task A_code_is_redeemed_once_by_each_in_any_case_of_its_letters()
    {
        await using var shop = await Shop.OpenAsync();
        await AddAsync(shop, "Welcome-7", 7);

        var first = await RedeemAsync(shop, "ann", "WELCOME-7");
        var again = await RedeemAsync(shop, "ann", "welcome-7");

        Assert.Equal((200, 7, true), (first.Status, first.Number("credits"), first.Flag("redeemed")));
        Assert.Equal((200, false, 17), (again.Status, again.Flag("redeemed"), await CreditsAsync(shop, "ann")));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Five_hundred_users_at_once_redeem_a_code_exactly_as_often_as_it_may_be()
    {
        await using var shop = await Shop.OpenAsync();
        await using var other = await shop.OpenAnotherAsync();
        await AddAsync(shop, "FEW", 5, max: 37);

        var replies = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => RedeemAsync(shop, $"user-{i}", "few", i % 2 == 0 ? shop.App : other)));

        Assert.Equal(37, replies.Count(reply => reply.Status == 200));
        Assert.All(replies, reply => Assert.True(reply.Status is 200 or 409, $"{reply.Status}"));
        Assert.Equal(409, (await RedeemAsync(shop, "late", "few")).Status);
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task Guessing_ends_after_ten_wrong_codes_a_day()
    {
        await using var shop = await Shop.OpenAsync();
        await AddAsync(shop, "RIGHT", 5);

        var wrong = await Task.WhenAll(Enumerable.Range(0, 15).Select(i => RedeemAsync(shop, "ann", $"guess-{i}")));

        Assert.Equal((10, 5), (wrong.Count(reply => reply.Status == 404), wrong.Count(reply => reply.Status == 429)));
        Assert.Equal((429, 200), ((await RedeemAsync(shop, "ann", "RIGHT")).Status, (await RedeemAsync(shop, "bob", "RIGHT")).Status));
        shop.App.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(200, (await RedeemAsync(shop, "ann", "RIGHT")).Status);
    }

    [Fact]
    public async Task Expired_and_withdrawn_codes_are_as_good_as_unknown()
    {
        await using var shop = await Shop.OpenAsync();
        await AddAsync(shop, "GONE", 5);
        await shop.App.SendAsync(HttpMethod.Delete, "manage/codes/gone", client: shop.App.Admin);
        await shop.App.PostAsync("manage/codes", new { id = "OLD", kind = "credits", value = 5, expires_at = shop.App.Clock.GetUtcNow().AddHours(1) }, shop.App.Admin);
        shop.App.Clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal((404, 404), ((await RedeemAsync(shop, "ann", "GONE")).Status, (await RedeemAsync(shop, "ann", "OLD")).Status));
    }

    [Fact]
    public async Task A_crash_after_any_line_of_redeeming_ends_with_the_credits_once_or_not_at_all()
    {
        for (var line = 1; ; line++)
        {
            await using var shop = await Shop.OpenAsync();
            await AddAsync(shop, "SAFE", 5, max: 1);
            await shop.App.GetAsync("credits?userId=ann");
            var count = 0;
            shop.Storage.Faults = _ => Interlocked.Increment(ref count) >= line ? Fault.Busy503 : Fault.None;
            await RedeemAsync(shop, "ann", "safe");
            shop.Storage.Faults = _ => Fault.None;
            await shop.TickAsync();

            // Whoever has the code's only use has its credits.
            var others = await RedeemAsync(shop, "bob", "safe");
            Assert.Equal(others.Status == 200 ? 10 : 15, await CreditsAsync(shop, "ann"));
            await shop.AssertConservedAsync();
            if (count < line)
            {
                break;
            }
        }
    }

    private static async Task AddAsync(Shop shop, string id, int value, int? max = null) =>
        Assert.Equal(201, (await shop.App.PostAsync("manage/codes", new { id, kind = "credits", value, max_redemptions = max }, shop.App.Admin)).Status);

    private static Task<Reply> RedeemAsync(Shop shop, string user, string code, TestApp? at = null) => (at ?? shop.App).PostAsync("credits/redeem", new { userId = user, code });

    private static async Task<decimal> CreditsAsync(Shop shop, string user) => (await shop.App.GetAsync("credits?userId=" + user)).Number("credits");
}
