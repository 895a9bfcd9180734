using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments.Orders;

/// <summary>
/// Tells the owner of each charge without the payer that was declined. As with purchases, what is told of is an operation's row in the account, whose first
/// intent marks it: whoever does this again, after a crash or at the same moment, tells nobody twice.
/// </summary>
public sealed class DeclineNews(AccountStore accounts, OrderStore orders, Outbox outbox, TimeProvider time)
{
    /// <returns>The order with nothing left to tell; or why that is not possible now.</returns>
    public async Task<Answer<Order>> TellAsync(Order order, CancellationToken cancellationToken)
    {
        foreach (var decline in order.Untold)
        {
            var operationId = $"declined-{order.Id}-{decline.Try}";
            var outcome = await accounts.ExecuteAsync(order.AccountId, new Note(operationId, "payment_failed") { Since = order.CreatedAt });
            var isGone = outcome is Refused { Refusal.Code: RefusalCodes.AccountClosed };
            if (outcome is Refused refused && !isGone)
            {
                return refused.Refusal;
            }

            if (!isGone)
            {
                await outbox.EnlistAsync(order.AccountId, operationId, NewsOf(order, decline), time.GetUtcNow(), cancellationToken);
            }

            order = await orders.ChangeAsync(order.AccountId, order.Id, now => now.Untold.Contains(decline) ? now with { Untold = now.Untold.Remove(decline) } : now, cancellationToken);
        }

        return order;
    }

    private static PaymentFailedNews NewsOf(Order order, UntoldDecline decline) => new(
        order.Id, order.Kind == OrderKind.TopUp ? "topUp" : "renewal", order.Title, decline.Try, order.Price.AmountCents / 100m, order.Price.Currency, decline.Reason);
}
