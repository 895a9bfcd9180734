using System.Globalization;
using System.Text.Json;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>Gives and takes credits, with and without idempotency keys, sets subscriptions, and changes a price or a plan now and then.</summary>
internal sealed class Admin(World world, IReadOnlyList<string> users, Random random)
{
    /// <summary>The reason that stands in the history of a plan that was set here.</summary>
    public const string SetPlan = "set in the world";

    private const int ChangesLimit = 16;
    private const int AttemptsLimit = 4;
    private static readonly string[] Plans = ["free", "starter", "basic", "pro"];

    public async Task LiveAsync()
    {
        await Task.WhenAll(Shopper.Codes.Select(OfferAsync).ToList());
        var changes = random.Next(4, ChangesLimit);
        for (var change = 0; change < changes; change++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20_000)), world.Time);
            await (random.Next(10) switch
            {
                0 => ChangePriceAsync(),
                1 => ChangePlanAsync(),
                < 5 => SubscribeAsync(),
                _ => ChangeCreditsAsync(change),
            });
        }
    }

    // Until it is there, so that no world is without codes for the weather of one moment.
    private async Task OfferAsync((string Id, string Kind, decimal Value, int MaxRedemptions) code)
    {
        var body = JsonSerializer.Serialize(new { id = code.Id, kind = code.Kind, value = code.Value, max_redemptions = code.MaxRedemptions });
        for (var attempt = 0; attempt < AttemptsLimit; attempt++)
        {
            if (await SendAsync(new Exchange(world.Exchanges.Count + 1, "admin", "POST", "api/manage/codes", body, key: null)) is { Status: < 500 })
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 5_000)), world.Time);
        }
    }

    private async Task ChangePriceAsync()
    {
        var body = JsonSerializer.Serialize(new { profit_multiplier = random.Next(10, 30) / 10m });
        await SendAsync(new Exchange(world.Exchanges.Count + 1, "admin", "PUT", "api/manage/model-prices/openai-gpt-4.1", body, key: null));
    }

    private async Task ChangePlanAsync()
    {
        var body = JsonSerializer.Serialize(new { credits = random.Next(1, 20), limits = new { providers = new { openai = new { calls = random.Next(1, 40), tokens = random.Next(2_000, 200_000) } } } });
        await SendAsync(new Exchange(world.Exchanges.Count + 1, "admin", "PUT", "api/manage/plans/" + Plans[random.Next(Plans.Length)], body, key: null));
    }

    private async Task SubscribeAsync()
    {
        var isActive = random.Next(5) > 0;
        var body = JsonSerializer.Serialize(new
        {
            is_active = isActive,
            reason = SetPlan,
            plan = isActive ? Plans[random.Next(1, Plans.Length)] : null,
            expiry_date = isActive && random.Next(3) == 0 ? world.Time.GetUtcNow().AddMinutes(random.Next(11, 100_000)) : (DateTimeOffset?)null,
        });
        await SendAsync(new Exchange(world.Exchanges.Count + 1, "admin", "PUT", $"api/manage/users/{users[random.Next(users.Count)]}/subscription", body, key: null));
    }

    private async Task ChangeCreditsAsync(int change)
    {
        var credits = random.Next(3) == 0 ? -random.Next(1, 4) : random.Next(1, 9) / 2m;
        // The reason tells in the ledger which change it was.
        var reason = string.Create(CultureInfo.InvariantCulture, $"change {change}");
        var body = JsonSerializer.Serialize(new
        {
            amount = credits,
            reason,
            kind = random.Next(2) == 0 ? "purchase" : "promotion",
            expires_at = random.Next(4) == 0 && credits > 0 ? world.Time.GetUtcNow().AddMinutes(random.Next(11, 120)) : (DateTimeOffset?)null,
        });
        var user = users[random.Next(users.Count)];
        var key = random.Next(4) > 0 ? reason : null;
        var forgotten = world.Time.GetUtcNow() + Exchange.KeyLife;
        for (var attempt = 0; attempt < AttemptsLimit && world.Time.GetUtcNow() < forgotten; attempt++)
        {
            var reply = await SendAsync(new Exchange(world.Exchanges.Count + 1, "admin", "POST", $"api/manage/users/{user}/credits", body, key) { Credits = credits });
            if (key is null || (reply is { Status: < 500 and not 409 } && random.Next(3) > 0))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 20_000)), world.Time);
        }
    }

    private async Task<Reply?> SendAsync(Exchange exchange)
    {
        if (world.Alive is not { Count: > 0 } alive)
        {
            return null;
        }

        exchange.Headers["Authorization"] = "Bearer " + Instance.AdminKey;
        if (exchange.Key is { } key)
        {
            exchange.Headers["Idempotency-Key"] = key;
        }

        return await world.SendAsync(alive[random.Next(alive.Count)], exchange);
    }
}
