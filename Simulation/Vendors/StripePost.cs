using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Simulation.Vendors;

/// <summary>
/// Brings Stripe's events, signed, to whichever machine is there: late, in any order, more than once, several at the same moment, and again until one is taken.
/// </summary>
internal sealed class StripePost(World world)
{
    public const string Sender = "stripe";

    private const int EarlyTries = 5;
    private const int TriesLimit = 60;
    private readonly Random random = world.Random("post");
    private readonly List<Task> deliveries = [];
    private readonly TaskCompletionSource calm = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Calm() => calm.TrySetResult();

    public void Send(string body) => deliveries.Add(DeliverAsync(body));

    /// <summary>Until everything has arrived; what is told of meanwhile, too.</summary>
    public async Task DeliverAllAsync()
    {
        for (var delivered = 0; delivered < deliveries.Count; delivered++)
        {
            await deliveries[delivered];
        }
    }

    private async Task DeliverAsync(string body)
    {
        // Most events come soon; some when others that happened later have come; some not before everything else is over.
        var wait = random.Next(12) switch
        {
            0 => Task.Delay(TimeSpan.FromSeconds(random.Next(60, 600)), world.Time),
            1 => calm.Task,
            _ => Task.Delay(TimeSpan.FromMilliseconds(random.Next(4_000)), world.Time),
        };
        await Task.WhenAny(wait, calm.Task);
        for (var attempt = 1; attempt <= TriesLimit; attempt++)
        {
            var copies = random.Next(6) == 0 ? random.Next(2, 5) : 1;
            var replies = await Task.WhenAll(Enumerable.Range(0, copies).Select(_ => SendOnceAsync(body)).ToList());
            if (replies.Any(reply => reply is { Status: 200 }))
            {
                await RepeatAsync(body);
                return;
            }

            var pause = Task.Delay(TimeSpan.FromSeconds(random.Next(1, 60)), world.Time);
            await (calm.Task.IsCompleted ? pause : attempt >= EarlyTries ? calm.Task : Task.WhenAny(pause, calm.Task));
        }

        world.Violate($"An event of Stripe's is not taken: {body}");
    }

    private async Task RepeatAsync(string body)
    {
        for (var more = random.Next(5) == 0 ? random.Next(1, 4) : 0; more > 0; more--)
        {
            await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(random.Next(1, 200)), world.Time), calm.Task);
            await SendOnceAsync(body);
        }
    }

    private async Task<Reply?> SendOnceAsync(string body)
    {
        if (world.Alive is not { Count: > 0 } alive)
        {
            return null;
        }

        var exchange = new Exchange(world.Exchanges.Count + 1, Sender, "POST", "api/payments/stripe", body, key: null);
        exchange.Headers["Stripe-Signature"] = Sign(body);
        return await world.SendAsync(alive[random.Next(alive.Count)], exchange);
    }

    // docs.stripe.com/webhooks, "Verify webhook signatures manually"
    private string Sign(string body)
    {
        var at = world.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var digest = HMACSHA256.HashData(Encoding.UTF8.GetBytes(StripeStandIn.WebhookSecret), Encoding.UTF8.GetBytes($"{at}.{body}"));
        return $"t={at},v1={Convert.ToHexStringLower(digest)}";
    }
}
