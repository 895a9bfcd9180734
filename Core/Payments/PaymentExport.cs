using System.Runtime.CompilerServices;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Payments.Codes;
using ServerlessAi.Payments.Giving;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;

namespace ServerlessAi.Payments;

/// <summary>One thing that payments keep of an account.</summary>
/// <param name="Kind"><c>payer</c>, <c>order</c>, <c>gift</c>, <c>code</c> or <c>referral</c>.</param>
/// <param name="Held">The record as it is stored.</param>
public sealed record HeldPayment(string Kind, string Id, object Held);

/// <summary>What payments keep of an account, for whoever may see it.</summary>
public sealed class PaymentExport(Payers payers, OrderStore orders, Transfers transfers, PromoCodes codes, CodeUses uses, Referrals referrals)
{
    /// <summary>One record after the other; codes last, each of which has to be asked for.</summary>
    public async IAsyncEnumerable<HeldPayment> ReadAsync(string accountId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await payers.FindAsync(accountId, cancellationToken) is { } payer)
        {
            yield return new HeldPayment("payer", "", payer);
        }

        await foreach (var order in orders.ReadEachAsync(accountId, cancellationToken))
        {
            yield return new HeldPayment("order", order.Id, order);
        }

        await foreach (var gift in transfers.ReadEachAsync(accountId, cancellationToken))
        {
            yield return new HeldPayment("gift", gift.Id, gift);
        }

        if (await referrals.FindCodeOfAsync(accountId, cancellationToken) is { } own)
        {
            yield return new HeldPayment("referral", own, new ReferralCode(own));
        }

        foreach (var code in await codes.ListAsync(cancellationToken))
        {
            if (await uses.FindAsync(code.Id, accountId, cancellationToken) is { } use)
            {
                yield return new HeldPayment("code", code.Id, use);
            }
        }
    }

    private sealed record ReferralCode(string Code);
}
