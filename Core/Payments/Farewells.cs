using ServerlessAi.Payments.Codes;
using ServerlessAi.Payments.Giving;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;

namespace ServerlessAi.Payments;

/// <summary>
/// What payments do when an account is deleted: nothing is bought for it by itself any more, and what is under way is finished while the account can still say
/// what it has got. Once its rows are gone, nobody could tell what was given to it from what was not, and would give it back.
/// </summary>
public sealed class Farewells(Payers payers, Referrals referrals, OrderStore orders, Fulfilment fulfilment, Redemptions redemptions, UnfinishedGifts gifts, Agenda agenda)
{
    /// <summary>Right after the account was closed, or where there never was one. Repeating it does nothing.</summary>
    /// <param name="hasAccount">Then who brought it is kept until its orders are finished.</param>
    public async Task BeginAsync(string accountId, bool hasAccount, CancellationToken cancellationToken)
    {
        if (hasAccount && await payers.FindAsync(accountId, cancellationToken) is { ReferredBy: not null })
        {
            await payers.ChangeAsync(accountId, payer => new Payer(accountId) { ReferredBy = payer.ReferredBy }, cancellationToken);
        }
        else
        {
            await payers.ForgetAsync(accountId, cancellationToken);
        }

        await referrals.ForgetAsync(accountId, cancellationToken);
    }

    /// <summary>
    /// When a team's founder is forgotten, and its account does not deliver any more what they agreed to: what is left of how they pay. What it has bought and spent
    /// this month stays, the team goes on. Repeating it does nothing.
    /// </summary>
    public async Task PartAsync(string teamId, CancellationToken cancellationToken)
    {
        await payers.ChangeAsync(teamId, payer => payer is { CustomerId: null, Gateway: null, TopUp: null, OpenTopUp: null }
            ? payer : payer with { CustomerId = null, Gateway = null, TopUp = null, OpenTopUp = null, OpenTopUpOf = null }, cancellationToken);
        await agenda.ForgetAsync(TaskKind.Renewal, teamId, cancellationToken);
        await agenda.ForgetAsync(TaskKind.TopUp, teamId, cancellationToken);
    }

    /// <summary>Before the closed account's rows go: each order that was paid, each code and each gift is then known to have been delivered or not. The money of an order that was not may go back later.</summary>
    /// <exception cref="TimeoutException">It is not known of each.</exception>
    public async Task FinishAsync(string accountId, CancellationToken cancellationToken)
    {
        await foreach (var order in orders.ReadEachAsync(accountId, cancellationToken))
        {
            if (!Fulfilment.IsSettled(order) && !(await fulfilment.SettleAsync(order, cancellationToken)).Succeeded
                && await orders.FindAsync(accountId, order.Id, cancellationToken) is { } now && IsUnknown(now))
            {
                throw new TimeoutException("An order of the account could not be looked at now.");
            }
        }

        await redemptions.FinishAllOfAsync(accountId, cancellationToken);
        await gifts.FinishAllOfAsync(accountId, cancellationToken);
        await gifts.FinishAllToAsync(accountId, cancellationToken);
        // Settling an order remembers who paid it.
        await payers.ForgetAsync(accountId, cancellationToken);
        await agenda.ForgetAsync(TaskKind.Renewal, accountId, cancellationToken);
        await agenda.ForgetAsync(TaskKind.TopUp, accountId, cancellationToken);
    }

    // What is delivered, and what was begun to be taken back: whoever repeated that later would be told that there is no account, and count its money again.
    private static bool IsUnknown(Order order) => order is { PaidAt: not null, UndeliverableAt: null } && (order.FulfilledAt is null || Reversing.Pending(order) is not null);
}
