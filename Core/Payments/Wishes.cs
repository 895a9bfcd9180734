using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;

namespace ServerlessAi.Payments;

/// <summary>Whether owners still want what is about to be charged without them, and in which form: between the order and its charge may lie days.</summary>
public sealed class Wishes(AccountStore accounts, Payers payers, IOptions<PaymentOptions> options)
{
    /// <returns>The order with what is to be paid for now; null when it is wanted no more.</returns>
    public async Task<Order?> FindAsync(Order order, CancellationToken cancellationToken)
    {
        if (order.Kind == OrderKind.TopUp)
        {
            var payer = await payers.ReadAsync(order.AccountId, cancellationToken);
            return payer.IsTopUpOn && string.Equals(payer.OpenTopUp, order.Id, StringComparison.Ordinal) ? order : null;
        }

        var running = (await accounts.ReadAsync(order.AccountId)).Subscription;
        // Without grace there is no subscription any more; paid for otherwise, it is in another period.
        return running is { Renewal: RenewalKind.Paid, GoesOn: true } && string.Equals(NameOf(running), order.Id, StringComparison.Ordinal) && Renewal(order.AccountId, running) is { Price.AmountCents: > 0 } now ? now : null;
    }

    /// <summary>The order of a subscription's next period, as it is agreed on now.</summary>
    public Order Renewal(string accountId, Subscription running)
    {
        var terms = running.At(running.Number + 1).Terms;
        var price = PriceMath.Of(PlanPurchases.CentsOf(terms), quantity: 1, percentOff: 0, code: null, options.Value.Currency);
        return new Order(NameOf(running), accountId, OrderKind.Renewal, $"Plan {terms.PlanId}, period {running.Number + 1}", Purchases.AtLeast(price))
        {
            Gateway = "",
            Terms = terms,
            Basis = PlanBasis.Of(running),
            CreditsMicro = terms.CreditsMicro,
        };
    }

    /// <summary>One order for each period, however often it is begun.</summary>
    internal static string NameOf(Subscription running) => $"renew-{running.Id}-{running.Number + 1}";
}
