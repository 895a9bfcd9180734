using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;

namespace ServerlessAi.Payments;

/// <summary>What payments do when an account is deleted: nothing is bought for it by itself any more, and what is under way is finished while the account can still say what it has got.</summary>
public sealed class Farewells(Payers payers, Referrals referrals, OrderStore orders, Fulfilment fulfilment, Gifts gifts, Agenda agenda)
{
    /// <summary>Right after the account was closed. Repeating it does nothing.</summary>
    public async Task BeginAsync(string accountId, CancellationToken cancellationToken)
    {
        await payers.ForgetAsync(accountId, cancellationToken);
        await referrals.ForgetAsync(accountId, cancellationToken);
    }

    /// <summary>Before the closed account's rows go: each order that was paid is then known to have been delivered or not. The money of the latter may go back later.</summary>
    public async Task FinishAsync(string accountId, CancellationToken cancellationToken)
    {
        await foreach (var order in orders.ReadEachAsync(accountId, cancellationToken))
        {
            if (!Fulfilment.IsSettled(order))
            {
                await fulfilment.SettleAsync(order, cancellationToken);
            }
        }

        await gifts.FinishAllOfAsync(accountId, cancellationToken);
        // Settling an order remembers who paid it.
        await payers.ForgetAsync(accountId, cancellationToken);
        await agenda.ForgetAsync(TaskKind.Renewal, accountId, cancellationToken);
        await agenda.ForgetAsync(TaskKind.TopUp, accountId, cancellationToken);
    }
}
