using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Accounts;

namespace ServerlessAi.Functions.Timers;

/// <summary>Every hour: brings the platform's spend to what the accounts recorded.</summary>
public sealed class ReconcileSpend(SpendReconciler reconciler)
{
    [Function("reconcile-spend")]
    public Task Run([TimerTrigger("0 0 * * * *")] TimerInfo timer, CancellationToken cancellationToken) => reconciler.ReconcileAsync(cancellationToken);
}
