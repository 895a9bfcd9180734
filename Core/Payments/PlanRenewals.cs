using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Payments.Orders;

namespace ServerlessAi.Payments;

/// <summary>Pays for the next period of plans whose period has ended: at once, and once a day while the grace lasts.</summary>
public sealed class PlanRenewals(Agenda agenda, Rounds rounds, AccountStore accounts, OrderStore orders, Charges charges, Wishes wishes, TimeProvider time)
{
    internal const string ItemId = "renewal";

    private static readonly TimeSpan BetweenTries = TimeSpan.FromDays(1);

    /// <summary>Runs hourly. Twice at once does no harm: order, try and period have names of their own.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => rounds.EachAsync(TaskKind.Renewal, item => LookAtAsync(item, cancellationToken), cancellationToken);

    private async Task LookAtAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var running = (await accounts.ReadAsync(item.AccountId)).Subscription;
        if (running is not null && running.PeriodEnd <= now && running is { Renewal: RenewalKind.Paid, GoesOn: true })
        {
            await PayAsync(item.AccountId, running, now, cancellationToken);
            running = (await accounts.ReadAsync(item.AccountId)).Subscription;
        }

        if (running is { Renewal: RenewalKind.Paid } && running.PeriodEnd > now)
        {
            // The new row first: without one nobody would ever renew it.
            await agenda.AddAsync(TaskKind.Renewal, item.AccountId, ItemId, running.PeriodEnd, cancellationToken);
            await agenda.DoneAsync(item, cancellationToken);
        }
        else if (running is not { Renewal: RenewalKind.Paid, GoesOn: true })
        {
            await agenda.DropAsync(item, cancellationToken);
        }
        else
        {
            await agenda.PutBehindAsync(item, cancellationToken);
        }
    }

    private async Task PayAsync(string accountId, Subscription running, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var order = await orders.FindAsync(accountId, Wishes.NameOf(running), cancellationToken) ?? await charges.BeginAsync(wishes.Renewal(accountId, running), cancellationToken);
        if (order.Status is OrderStatus.Failed && (order.DeclinedAt + BetweenTries > now || Charges.IsInDoubt(order)))
        {
            return;
        }

        if (order.Status is OrderStatus.Failed or OrderStatus.Expired)
        {
            order = await charges.TryAgainAsync(order, cancellationToken);
        }

        await charges.SettleAsync(order, cancellationToken);
    }
}
