using System.Globalization;
using System.Text.Json;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>Gives and takes credits, with and without idempotency keys, and changes a price now and then.</summary>
internal sealed class Admin(World world, IReadOnlyList<string> users, Random random)
{
    private const int ChangesLimit = 16;
    private const int AttemptsLimit = 4;

    public async Task LiveAsync()
    {
        var changes = random.Next(4, ChangesLimit);
        for (var change = 0; change < changes; change++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20_000)), world.Time);
            await (random.Next(5) == 0 ? ChangePriceAsync() : ChangeCreditsAsync(change));
        }
    }

    private async Task ChangePriceAsync()
    {
        var body = JsonSerializer.Serialize(new { profit_multiplier = random.Next(10, 30) / 10m });
        await SendAsync(new Exchange(world.Exchanges.Count + 1, "admin", "PUT", "api/manage/model-prices/openai-gpt-4.1", body, key: null));
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
