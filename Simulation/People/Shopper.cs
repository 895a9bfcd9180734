using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>
/// Buys packages and plans, with codes and without, pays for some of them, has the balance topped up, redeems codes that others redeem too, gives credits to
/// another, and gets money back. Whatever is repeated has its key, or is a click that counts once.
/// </summary>
/// <param name="account">Whose orders they are, where others share it; null for the buyer's own.</param>
internal sealed class Shopper(World world, string name, string friend, Random random, string? account = null)
{
    /// <summary>Codes that the admin offers; each for fewer than there are shoppers and tries.</summary>
    public static readonly (string Id, string Kind, decimal Value, int MaxRedemptions)[] Codes =
        [("WELCOME", "credits", 3m, 1), ("MORE", "bonus", 7m, 1), ("TENTH", "percent", 10m, 2), ("NOTHING", "amount", 1_000m, 1), (Leaver.Code, "credits", 2m, 1)];

    private static readonly string[] Packages = ["starter", "popular", "pro"];
    private static readonly string[] Plans = ["starter", "basic", "pro"];
    private readonly Sender sender = new(world, name, random);

    /// <summary>What top-ups may spend in a month at most, in the currency's unit; the same whenever it is set.</summary>
    public const decimal MonthlyLimit = 35m;

    /// <summary>The highest threshold that is ever set, credits.</summary>
    public const decimal HighestThreshold = 30m;

    public async Task LiveAsync()
    {
        await BefriendAsync();
        switch (random.Next(4))
        {
            case 0:
                // The first purchase after it was asked for saves how to pay without the payer.
                await TopUpAsync();
                await BuyAsync();
                await GiveAllAsync();
                break;
            case 1:
                await TopUpAsync();
                await BuyAsync();
                break;
            default:
                await BuyPlanAsync();
                break;
        }

        var actions = random.Next(1, 10);
        for (var action = 0; action < actions; action++)
        {
            await sender.PauseAsync(30_000);
            await (random.Next(12) switch
            {
                < 3 => GiveAsync(),
                < 6 => BuyAsync(),
                < 8 => BuyPlanAsync(),
                8 => ChangePlanAsync(),
                9 => RedeemAsync(),
                _ => TopUpAsync(),
            });
        }
    }

    /// <summary>A few of these things, with no plan and no agreement that would go on by itself.</summary>
    public async Task DabbleAsync()
    {
        for (var action = random.Next(1, 5); action > 0; action--)
        {
            await (random.Next(4) switch
            {
                0 => RedeemAsync(),
                1 => GiveAsync(),
                _ => BuyAsync(),
            });
            await sender.PauseAsync(10_000);
        }
    }

    /// <summary>Agrees to what goes on by itself, buys for a team, and gives of it.</summary>
    public async Task ProvideAsync()
    {
        await TopUpAsync();
        await BuyAsync();
        await TopUpAsync();
        for (var action = random.Next(1, 6); action > 0; action--)
        {
            await sender.PauseAsync(30_000);
            await (random.Next(8) switch
            {
                < 2 => GiveAllAsync(),
                < 5 => BuyPlanAsync(),
                5 => ChangePlanAsync(),
                6 => BuyAsync(),
                _ => TopUpAsync(),
            });
        }
    }

    /// <summary>One of the things that only a team's founder may do; a page may be paid on when they are gone.</summary>
    public Task AgreeAsync(Instance to) => random.Next(5) switch
    {
        < 3 => BuyPlanAsync(to),
        3 => sender.SendAsync("POST", "api/subscription/change", new { plan = Plans[random.Next(Plans.Length)] }, to: to),
        _ => sender.SendAsync("PUT", "api/credits/auto-topup", new { enabled = true, thresholdCredits = (int)HighestThreshold, packageId = Packages[0], monthlyLimitUsd = MonthlyLimit }, to: to),
    };

    // Both refer each other, which is nobody's to forbid, and counts once for each.
    private async Task BefriendAsync()
    {
        if (random.Next(3) == 0 && await new Sender(world, friend, random).UntilAnsweredAsync("GET", "api/credits/referral") is { Status: 200 } known)
        {
            await sender.SendAsync("POST", "api/credits/referral", new { code = known.Body.GetProperty("code").GetString() });
        }
    }

    private async Task BuyAsync()
    {
        var body = new { packageId = Packages[random.Next(Packages.Length)], quantity = random.Next(1, 3), promoCode = Code() };
        await PayAsync(await sender.UntilAnsweredAsync("POST", "api/credits/purchase", body, sender.NewKey()));
    }

    private async Task BuyPlanAsync()
    {
        var body = new { plan = Plans[random.Next(Plans.Length)], promoCode = Code() };
        await PayAsync(await sender.UntilAnsweredAsync("POST", "api/subscription/checkout", body, sender.NewKey()));
    }

    private async Task BuyPlanAsync(Instance at) =>
        await PayAsync(await sender.SendAsync("POST", "api/subscription/checkout", new { plan = Plans[random.Next(Plans.Length)] }, sender.NewKey(), to: at));

    private Task ChangePlanAsync() => random.Next(2) == 0
        ? sender.SendAsync("POST", "api/subscription/change", new { cancel = true })
        : sender.SendAsync("POST", "api/subscription/change", new { plan = Plans[random.Next(Plans.Length)] });

    private async Task RedeemAsync()
    {
        var body = new { code = Codes[0].Id };
        await Task.WhenAll(Enumerable.Range(0, random.Next(1, 3)).Select(_ => sender.UntilAnsweredAsync("POST", "api/credits/redeem", body)).ToList());
    }

    private Task TopUpAsync() => sender.SendAsync("PUT", "api/credits/auto-topup", random.Next(6) == 0
        ? (object)new { enabled = false }
        : new { enabled = true, thresholdCredits = random.Next(5, (int)HighestThreshold), packageId = Packages[random.Next(Packages.Length)], monthlyLimitUsd = MonthlyLimit });

    private string? Code() => random.Next(4) == 0 ? Codes[random.Next(1, Codes.Length - 1)].Id : null;

    private async Task PayAsync(Reply? order)
    {
        if (order is not { Status: 201 })
        {
            return;
        }

        var id = order.Body.GetProperty("orderId").GetString()!;
        await (world.Stripe is null ? ClickAsync(id) : PayAtStripeAsync(order));
        if (random.Next(3) == 0)
        {
            await sender.SendAsync("POST", $"api/manage/orders/{account ?? name}/{id}/refund", random.Next(3) == 0 ? (object)new { } : new { amount = random.Next(1, 6) }, key: null, asAdmin: true);
        }
    }

    private async Task ClickAsync(string id)
    {
        for (var click = random.Next(4); click > 0; click--)
        {
            var decision = random.Next(5) == 0 ? "decline" : "pay";
            var path = $"api/pay/{id}?account={account ?? name}&decision={decision}";
            await Task.WhenAll(Enumerable.Range(0, random.Next(1, 4)).Select(_ => sender.SendAsync("POST", path)).ToList());
            await sender.PauseAsync(5_000);
        }
    }

    private async Task PayAtStripeAsync(Reply order)
    {
        await sender.PauseAsync(20_000);
        if (random.Next(5) > 0 && order.Body.TryGetProperty("checkoutUrl", out var url) && url.GetString() is { } page)
        {
            world.Stripe!.Pay(page[(page.LastIndexOf('/') + 1)..]);
            await sender.PauseAsync(10_000);
        }
    }

    // So that there is something to be topped up.
    private async Task GiveAllAsync()
    {
        if (await sender.UntilAnsweredAsync("GET", "api/credits") is { Status: 200 } known && known.Body.GetProperty("paidCredits").GetDecimal() is > 0 and var all)
        {
            await sender.UntilAnsweredAsync("POST", "api/credits/gift", new { toUserId = friend, amount = all }, sender.NewKey());
        }
    }

    // Many do not look whether it has arrived; others click twice.
    private Task GiveAsync()
    {
        var body = new { toUserId = world.Plan.HasLeaver && random.Next(3) == 0 && name != Leaver.Name ? Leaver.Name : friend, amount = random.Next(1, 60) };
        var key = sender.NewKey();
        return random.Next(6) switch
        {
            < 2 => Task.WhenAll(Enumerable.Range(0, random.Next(1, 4)).Select(_ => sender.UntilAnsweredAsync("POST", "api/credits/gift", body, key)).ToList()),
            2 => Task.WhenAll(Enumerable.Range(0, random.Next(2, 4)).Select(_ => sender.SendAsync("POST", "api/credits/gift", body, key)).ToList()),
            _ => sender.SendAsync("POST", "api/credits/gift", body),
        };
    }
}
