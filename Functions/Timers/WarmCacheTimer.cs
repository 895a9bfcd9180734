using Microsoft.Azure.Functions.Worker;

namespace ServerlessAi.Functions.Timers;

/// <summary>Every five minutes: renews popular answers that are about to expire, when a budget is set for that.</summary>
public sealed class WarmCacheTimer(WarmCache cache)
{
    [Function("warm-cache")]
    public Task Run([TimerTrigger("0 */5 * * * *")] TimerInfo timer, CancellationToken cancellationToken) => cache.RenewAsync(cancellationToken);
}
