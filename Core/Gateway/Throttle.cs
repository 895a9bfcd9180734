using System.ComponentModel.DataAnnotations;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using ServerlessAi.Primitives;

namespace ServerlessAi;

/// <summary>Settings of the gateway's own guard.</summary>
public sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>Requests a second that one caller may keep up on one instance; the account's own limits are stricter and exact.</summary>
    [Range(1, 100_000)]
    public int CallerRequestsPerSecond { get; set; } = 100;

    /// <summary>Requests that one caller may send at once before that rate applies.</summary>
    [Range(1, 100_000)]
    public int CallerBurst { get; set; } = 500;
}

/// <summary>A cheap guard in this process, before anything is read from storage.</summary>
public sealed class Throttle(IOptions<GatewayOptions> options) : IDisposable
{
    private readonly PartitionedRateLimiter<string> limiter = PartitionedRateLimiter.Create<string, string>(
        account => RateLimitPartition.GetTokenBucketLimiter(account, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.Value.CallerBurst,
            TokensPerPeriod = options.Value.CallerRequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }),
        StringComparer.Ordinal);

    public Refusal? Refuse(string accountId)
    {
        using var lease = limiter.AttemptAcquire(accountId);
        return lease.IsAcquired ? null : new Refusal(RefusalCodes.RateLimited, "Too many requests at once.", TimeSpan.FromSeconds(1));
    }

    public void Dispose() => limiter.Dispose();
}
