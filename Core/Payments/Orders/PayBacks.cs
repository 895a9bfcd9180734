using Microsoft.Extensions.Logging;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments.Orders;

/// <summary>
/// Gives money back for orders that cannot be delivered, because their account was deleted before they were paid, or their plan does not go on. Nobody has to
/// ask: the timer repeats it until the gateway has said that all of it went back. A repetition has the same key at the gateway as long as nothing else is known to
/// have gone back.
/// </summary>
public sealed partial class PayBacks(ConfiguredGateway configured, OrderStore orders, TimeProvider time, ILogger<PayBacks> logger)
{
    /// <returns>The order with nothing left to pay back; or why that is not possible now.</returns>
    public async Task<Answer<Order>> CarryOutAsync(Order order, CancellationToken cancellationToken)
    {
        // What a bank has taken in a dispute is not ours to give: when that is won, the rest follows.
        var cents = order.Price.AmountCents - order.LostCents;
        if (cents == 0)
        {
            return order;
        }

        if (configured.For(order) is not { } gateway)
        {
            return ConfiguredGateway.Missing;
        }

        var paidBack = await gateway.RefundAsync(order, cents, $"undelivered-{order.Id}-{order.RefundedCents}-{cents}", cancellationToken);
        if (!paidBack.Succeeded)
        {
            return paidBack.Refusal;
        }

        if (OrderFacts.Problem(order, paidBack.Value) is { } problem)
        {
            LogDoubtful(logger, order.Id, problem);
            return new Refusal(RefusalCodes.PaymentFailed, "What the gateway says of a refund does not fit the order.");
        }

        order = await orders.ChangeAsync(order.AccountId, order.Id, now => OrderFacts.Apply(now, paidBack.Value, time.GetUtcNow()), cancellationToken);
        return order.LostCents == order.Price.AmountCents ? order : new Refusal(RefusalCodes.PaymentFailed, "A part has not been paid back yet.");
    }

    [LoggerMessage(LogLevel.Error, "Order {OrderId} cannot be delivered, and what the gateway says of its refund does not fit it: {Problem}.")]
    private static partial void LogDoubtful(ILogger logger, string orderId, string problem);
}
