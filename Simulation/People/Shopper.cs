using System.Globalization;
using System.Text.Json;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>
/// Buys packages, pays for some of them, clicks twice and at two machines at once, declines before paying or after; gives credits to another, and gets money
/// back. Whatever is repeated has its key, or is a click that counts once.
/// </summary>
internal sealed class Shopper(World world, string name, string friend, Random random)
{
    private const int AttemptsLimit = 4;
    private static readonly string[] Packages = ["starter", "popular", "pro"];
    private int keys;

    public async Task LiveAsync()
    {
        var actions = random.Next(1, 9);
        for (var action = 0; action < actions; action++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(30_000)), world.Time);
            await (random.Next(2) == 0 ? GiveAsync() : BuyAsync());
        }
    }

    private async Task BuyAsync()
    {
        var body = JsonSerializer.Serialize(new { packageId = Packages[random.Next(Packages.Length)], quantity = random.Next(1, 3) });
        var order = await UntilAnsweredAsync("api/credits/purchase", body, NewKey());
        if (order is not { Status: 201 })
        {
            return;
        }

        var id = order.Body.GetProperty("orderId").GetString()!;
        for (var click = random.Next(4); click > 0; click--)
        {
            var decision = random.Next(5) == 0 ? "decline" : "pay";
            var path = $"api/pay/{id}?account={name}&decision={decision}";
            await Task.WhenAll(Enumerable.Range(0, random.Next(1, 4)).Select(_ => SendAsync("POST", path, body: null, key: null)).ToList());
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(5_000)), world.Time);
        }

        if (random.Next(3) == 0)
        {
            var refund = JsonSerializer.Serialize(new { amount = random.Next(1, 6) });
            await SendAsync("POST", $"api/manage/orders/{name}/{id}/refund", refund, key: null, Instance.AdminKey);
        }
    }

    // Many do not look whether it has arrived.
    private Task GiveAsync()
    {
        var body = JsonSerializer.Serialize(new { toUserId = friend, amount = random.Next(1, 8) });
        return random.Next(3) == 0 ? UntilAnsweredAsync("api/credits/gift", body, NewKey()) : SendAsync("POST", "api/credits/gift", body, key: null);
    }

    private async Task<Reply?> UntilAnsweredAsync(string path, string body, string key)
    {
        Reply? reply = null;
        for (var attempt = 0; attempt < AttemptsLimit && reply is null or { Status: >= 500 or 409 }; attempt++)
        {
            reply = await SendAsync("POST", path, body, key);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(10_000)), world.Time);
        }

        return reply;
    }

    private async Task<Reply?> SendAsync(string method, string path, string? body, string? key, string? credential = null)
    {
        if (world.Alive is not { Count: > 0 } alive)
        {
            return null;
        }

        var exchange = new Exchange(world.Exchanges.Count + 1, name, method, path, body, key);
        exchange.Headers[credential is null ? "x-user-id" : "Authorization"] = credential is null ? name : "Bearer " + credential;
        if (key is not null)
        {
            exchange.Headers["Idempotency-Key"] = key;
        }

        return await world.SendAsync(alive[random.Next(alive.Count)], exchange);
    }

    private string NewKey() => string.Create(CultureInfo.InvariantCulture, $"{name}-{++keys}");
}
