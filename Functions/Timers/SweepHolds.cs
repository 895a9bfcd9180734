using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Accounts;

namespace ServerlessAi.Functions.Timers;

/// <summary>Every minute: gives back what expired holds kept, in accounts that nobody touches.</summary>
public sealed class SweepHolds(Sweeper sweeper)
{
    [Function("sweep-holds")]
    public Task Run([TimerTrigger("0 * * * * *")] TimerInfo timer, CancellationToken cancellationToken) => sweeper.SweepHoldsAsync(cancellationToken);
}
