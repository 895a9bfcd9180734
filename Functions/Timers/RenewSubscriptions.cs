using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Payments;

namespace ServerlessAi.Functions.Timers;

/// <summary>Every hour: charges plans whose period has ended for the next one.</summary>
public sealed class RenewSubscriptions(PlanRenewals renewals)
{
    [Function("renew-subscriptions")]
    public Task Run([TimerTrigger("0 5 * * * *")] TimerInfo timer, CancellationToken cancellationToken) => renewals.RunAsync(cancellationToken);
}
