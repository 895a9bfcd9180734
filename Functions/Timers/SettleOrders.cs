using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Payments;

namespace ServerlessAi.Functions.Timers;

/// <summary>Every minute: finishes orders, codes and gifts that broke off, and tops up.</summary>
public sealed class SettleOrders(OrderTimer orders)
{
    [Function("settle-orders")]
    public Task Run([TimerTrigger("30 * * * * *")] TimerInfo timer, CancellationToken cancellationToken) => orders.RunAsync(cancellationToken);
}
