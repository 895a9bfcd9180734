using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Privacy;

namespace ServerlessAi.Functions.Timers;

/// <summary>Every five minutes: carries on with forgetting users where a crash or an outage left off.</summary>
public sealed class EraseAccounts(Erasures erasures)
{
    [Function("erase-accounts")]
    public Task Run([TimerTrigger("30 */5 * * * *")] TimerInfo timer, CancellationToken cancellationToken) => erasures.FinishAllAsync(cancellationToken);
}
