using System.Globalization;
using System.Text.Json;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>Sends somebody's requests to whichever machine is there.</summary>
internal sealed class Sender(World world, string name, Random random)
{
    private const int AttemptsLimit = 5;
    private int keys;

    public string Name => name;

    /// <param name="body">Becomes JSON; null for none.</param>
    /// <param name="to">Where to; null for whichever is there.</param>
    /// <returns>Null when no machine was there, or the connection broke.</returns>
    public async Task<Reply?> SendAsync(string method, string path, object? body = null, string? key = null, bool asAdmin = false, Instance? to = null)
    {
        if (world.Alive is not { Count: > 0 } alive)
        {
            return null;
        }

        var exchange = new Exchange(world.Exchanges.Count + 1, name, method, path, body is null ? null : JsonSerializer.Serialize(body), key);
        exchange.Headers[asAdmin ? "Authorization" : "x-user-id"] = asAdmin ? "Bearer " + Instance.AdminKey : name;
        if (key is not null)
        {
            exchange.Headers["Idempotency-Key"] = key;
        }

        return await world.SendAsync(to ?? alive[random.Next(alive.Count)], exchange);
    }

    /// <summary>Sends the same again until there is an answer that repeating would not change, or patience ends.</summary>
    public async Task<Reply?> UntilAnsweredAsync(string method, string path, object? body = null, string? key = null)
    {
        Reply? reply = null;
        for (var attempt = 0; attempt < AttemptsLimit && reply is null or { Status: >= 500 or 409 }; attempt++)
        {
            reply = await SendAsync(method, path, body, key);
            await PauseAsync(10_000);
        }

        return reply;
    }

    public Task PauseAsync(int mostMs) => Task.Delay(TimeSpan.FromMilliseconds(random.Next(mostMs)), world.Time);

    public string NewKey() => string.Create(CultureInfo.InvariantCulture, $"{name}-{++keys}");
}
