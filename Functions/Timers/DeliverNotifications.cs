using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Notifications;

namespace ServerlessAi.Functions.Timers;

/// <summary>Every minute: sends what is to be told, and tries again what failed.</summary>
public sealed class DeliverNotifications(Deliverer deliverer)
{
    [Function("deliver-notifications")]
    public Task Run([TimerTrigger("0 * * * * *")] TimerInfo timer, CancellationToken cancellationToken) => deliverer.DeliverAsync(cancellationToken);
}
