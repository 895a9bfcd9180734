using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments;

/// <summary>Pays back, through the gateway that took the money. What it then says takes the credits back, as when somebody pays back at the gateway itself.</summary>
public sealed class Refunds(ConfiguredGateway configured, OrderStore orders, PaymentEvents events)
{
    private const int CentsPerUnit = 100;

    /// <param name="amount">In the order's currency; null is all that is left.</param>
    /// <param name="claim">The idempotency key's hash: the same again pays back once. Null: as long as nothing else was paid back meanwhile.</param>
    public async Task<Answer<Order>> RefundAsync(string accountId, string id, decimal? amount, string? claim, CancellationToken cancellationToken)
    {
        if (await orders.FindAsync(accountId, id, cancellationToken) is not { } order)
        {
            return Refusal.NotFound("There is no such order.");
        }

        if (configured.For(order) is not { } gateway)
        {
            return ConfiguredGateway.Missing;
        }

        if (order.PaidAt is null)
        {
            return new Refusal(RefusalCodes.Conflict, "The order is not paid.");
        }

        var left = order.Price.AmountCents - order.RefundedCents;
        var cents = amount is null ? left : (long)(amount.Value * CentsPerUnit);
        if (cents <= 0 || cents > left || (amount is { } given && decimal.Round(given, 2) != given))
        {
            return Refusal.Invalid("'amount' must be in whole cents, more than 0 and at most what has not been paid back.").With("left", left / (decimal)CentsPerUnit);
        }

        var key = claim is null ? $"refund-{order.Id}-{order.RefundedCents}-{cents}" : $"refund-{order.Id}-{claim}";
        var paidBack = await gateway.RefundAsync(order, cents, key, cancellationToken);
        if (!paidBack.Succeeded)
        {
            return paidBack.Refusal;
        }

        var handled = await events.HandleAsync(paidBack.Value, cancellationToken);
        return handled.Succeeded ? handled.Value.Order! : handled.Refusal;
    }
}
