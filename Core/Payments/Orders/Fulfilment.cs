using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Payments.Codes;
using ServerlessAi.Payments.Saved;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments.Orders;

/// <summary>
/// Does what the facts of an order demand, and has not been done: credits or a plan for what was paid, credits back for what was paid back. Every step is an
/// operation whose id comes from the order, so that doing it again, elsewhere or after a crash, does nothing twice.
/// </summary>
public sealed partial class Fulfilment(
    OrderStore orders, AccountStore accounts, Payers payers, Referrals referrals, CodeUses codeUses, PayBacks payBacks, PlanEndings planEndings, DeclineNews declines, Agenda agenda, Outbox outbox, IOptions<AccountOptions> credits, TimeProvider time,
    ILogger<Fulfilment> logger)
{
    /// <returns>The order with nothing left to do; or why that is not possible now.</returns>
    public async Task<Answer<Order>> SettleAsync(Order order, CancellationToken cancellationToken)
    {
        if (!order.Untold.IsEmpty)
        {
            var told = await declines.TellAsync(order, cancellationToken);
            if (!told.Succeeded)
            {
                return told;
            }

            order = told.Value;
        }

        if (order is { PaidAt: not null, FulfilledAt: null, UndeliverableAt: null })
        {
            var fulfilled = await FulfilAsync(order, cancellationToken);
            if (!fulfilled.Succeeded)
            {
                LogUnfulfilled(logger, order.Id, fulfilled.Refusal.Code);
                return fulfilled;
            }

            order = fulfilled.Value;
        }

        if (order.UndeliverableAt is not null)
        {
            return await payBacks.CarryOutAsync(order, cancellationToken);
        }

        if (order is { PaidAt: null, PromoCode: { } code } && HasEndedUnpaid(order))
        {
            await codeUses.GiveBackAsync(code, order.AccountId, CodeUses.ToOrder(order.Id), cancellationToken);
        }

        return order.FulfilledAt is null ? order : await ReverseAsync(order, cancellationToken);
    }

    // A page whose payment the bank refused in the end takes no other; only without the payer it is tried again.
    private static bool HasEndedUnpaid(Order order) => order.ExpiredAt is not null || order is { FailedAt: not null, IsOffSession: false };

    // What cost nothing is worth nothing.
    private static readonly Outcome Nothing = new Swept();

    /// <summary>Nothing is left to do for what is known.</summary>
    public static bool IsSettled(Order order) => order.Untold.IsEmpty && (order.PaidAt is null || (order.UndeliverableAt is not null && order.LostCents == order.Price.AmountCents) || (order.FulfilledAt is not null && Reversing.IsEven(order) && !PlanEndings.IsDue(order)));

    private async Task<Answer<Order>> FulfilAsync(Order order, CancellationToken cancellationToken)
    {
        if (order.IsOfPlan)
        {
            // Found by the timer within the hour, which sees when the period really ends.
            await agenda.AddAsync(TaskKind.Renewal, order.AccountId, PlanRenewals.ItemId, dueAt: null, cancellationToken);
        }

        var outcome = order is { AsCredits: true, CreditsMicro: 0 } ? Nothing : await ExecuteAsync(order);
        if (outcome is Refused { Refusal.Code: RefusalCodes.Conflict } && order is { Kind: OrderKind.Renewal, IsOffSession: true, AsCredits: false })
        {
            return await GiveUpAsync(order, "paid back: the plan had ended, was cancelled, or paid for otherwise", cancellationToken);
        }

        if (outcome is Refused { Refusal.Code: RefusalCodes.Conflict } && order is { IsOfPlan: true, AsCredits: false })
        {
            // Another plan came between the quote and the money. It was paid for all the same: the order is worth credits, under the same operation's name.
            order = await orders.ChangeAsync(
                order.AccountId, order.Id, now => now.FulfilledAt is null ? (now with { AsCredits = true, CreditsMicro = WorthMicro(now) }).Noted("as credits: the plan had changed") : now, cancellationToken);
            outcome = order.CreditsMicro == 0 ? Nothing : await ExecuteAsync(order);
        }

        if (outcome is Refused { Refusal.Code: RefusalCodes.AccountClosed })
        {
            return await GiveUpAsync(order, TeamAccounts.Has(order.AccountId) ? "paid back: the team's founder was deleted" : "paid back: the account was deleted", cancellationToken);
        }

        if (outcome is Refused refused && !IsDoneOtherwise(order, refused))
        {
            return refused.Refusal;
        }

        var granted = outcome is PlanSet set ? set.Record.AmountMicro : order.CreditsMicro;
        await RememberAsync(order, cancellationToken);
        if (order.PromoCode is { } code && HasEndedUnpaid(order))
        {
            // Paid after all: its use was given back, and counts again.
            await codeUses.DoneAsync(code, order.AccountId, new CodeUse(CodeUses.ToOrder(order.Id), order.CreatedAt, IsDone: true), cancellationToken);
        }

        await outbox.EnlistAsync(order.AccountId, order.OperationId, new PurchaseNews(order.Id, order.Title, Money.ToCredits(granted), order.Price.AmountCents / 100m, order.Price.Currency), time.GetUtcNow(), cancellationToken);
        await referrals.RewardAsync(order, cancellationToken);
        return await orders.ChangeAsync(
            order.AccountId, order.Id, now => now.FulfilledAt is null ? now with { FulfilledAt = time.GetUtcNow(), CreditsMicro = granted } : now, cancellationToken);
    }

    private Task<Order> GiveUpAsync(Order order, string why, CancellationToken cancellationToken) => orders.ChangeAsync(
        order.AccountId, order.Id, now => now is { FulfilledAt: null, UndeliverableAt: null } ? (now with { UndeliverableAt = time.GetUtcNow() }).Noted(why) : now, cancellationToken);

    private Task<Outcome> ExecuteAsync(Order order) => accounts.ExecuteAsync(order.AccountId, (Once)(order switch
    {
        { AsCredits: true } or { IsOfPlan: false } => new Grant(order.OperationId, GrantKind.Purchase, order.CreditsMicro, "purchase"),
        { Kind: OrderKind.Renewal } => new Renew(order.OperationId, order.Basis!.SubscriptionId!, order.Basis.Number + 1, order.Terms!, "plan_renewed") { IsOffSession = order.IsOffSession },
        _ => new SetPlan(order.OperationId, order.Terms, RenewalKind.Paid, "plan_purchase") { QuotedAt = order.QuotedAt, Basis = order.Basis },
    }) with
    {
        Since = order.CreatedAt,
        NeedsFounder = order.IsOfPlan || order.IsOffSession,
        Income = order is { IsCounted: true, Price.AmountCents: > 0 } ? new Income(order.IncomeKind, order.Price.AmountCents, order.Price.Currency) { IsOrder = true } : null,
    });

    // Somebody who did not know yet that it was to be credits has set the plan, under the same name.
    private static bool IsDoneOtherwise(Order order, Refused refused) => order.AsCredits && string.Equals(refused.Refusal.Code, RefusalCodes.IdempotencyMismatch, StringComparison.Ordinal);

    private long WorthMicro(Order order) => Money.FromCredits(order.Price.AmountCents / 100m / credits.Value.UsdPerCredit);

    private async Task RememberAsync(Order order, CancellationToken cancellationToken)
    {
        // How somebody paid who was forgotten is kept for nobody.
        var savesMethod = order.SavesMethod && !(TeamAccounts.Has(order.AccountId) && (await accounts.ReadAsync(order.AccountId)).HasLostFounderSince(order.CreatedAt));
        await payers.ChangeAsync(order.AccountId, payer => Remember(order, payer, savesMethod), cancellationToken);
    }

    private static Payer Remember(Order order, Payer payer, bool savesMethod)
    {
        var next = payer;
        if (savesMethod && order.CustomerId is { } customer && !string.Equals(customer, payer.CustomerId, StringComparison.Ordinal))
        {
            next = next with { CustomerId = customer, Gateway = order.Gateway };
        }

        if (payer.FirstPurchaseAt is null && order.Price.AmountCents > 0)
        {
            next = next with { FirstPurchaseAt = order.PaidAt };
        }

        return string.Equals(payer.OpenTopUp, order.Id, StringComparison.Ordinal) ? next with { OpenTopUp = null, OpenTopUpOf = null } : next;
    }

    /// <summary>Until nothing is left to do: who adds a fact while this is under way, a won dispute, finds nothing to do yet, and leaves it to this.</summary>
    private async Task<Answer<Order>> ReverseAsync(Order order, CancellationToken cancellationToken)
    {
        do
        {
            var even = await EvenAsync(order, cancellationToken);
            var done = even.Succeeded ? await planEndings.CarryOutAsync(even.Value, cancellationToken) : even;
            if (!done.Succeeded)
            {
                return done;
            }

            order = done.Value;
        }
        while (!IsSettled(order));
        return order;
    }

    private async Task<Answer<Order>> EvenAsync(Order order, CancellationToken cancellationToken)
    {
        while (true)
        {
            order = Reversing.IsEven(order) ? order : await orders.ChangeAsync(order.AccountId, order.Id, Reversing.Plan, cancellationToken);
            if (Reversing.Pending(order) is not { } pending)
            {
                if (Reversing.IsEven(order))
                {
                    return order;
                }

                continue;
            }

            if (pending.Micro > 0 || pending.Cents > 0)
            {
                await StopToppingUpAsync(order, cancellationToken);
            }

            var outcome = await accounts.ExecuteAsync(order.AccountId, Reversing.ToCommand(order, pending));
            var isClosed = outcome is Refused { Refusal.Code: RefusalCodes.AccountClosed };
            var counted = !isClosed ? outcome : Reversing.ToEstate(order, pending) is { } late ? await accounts.ExecuteAsync(SystemAccounts.Estate, late) : Nothing;
            if (counted is Refused { Refusal: var refusal })
            {
                LogUnfulfilled(logger, order.Id, refusal.Code);
                return refusal;
            }

            // What was left of a deleted account lapsed with it: there is nothing to take, and nobody to give back to.
            var taken = outcome is not Posted posted ? 0 : pending.Micro > 0 ? -posted.Record.AmountMicro : pending.Micro;
            order = await orders.ChangeAsync(order.AccountId, order.Id, now => Reversing.Done(now, pending.OperationId, taken), cancellationToken);
        }
    }

    // Before the credits are taken: what that leaves must not be taken for a reason to charge the payer again.
    private Task StopToppingUpAsync(Order order, CancellationToken cancellationToken) => payers.ChangeAsync(
        order.AccountId,
        payer => payer.IsTopUpOn ? payer with { TopUp = payer.TopUp!.Off(order.Disputes.IsEmpty ? TopUpOff.Refunded : TopUpOff.Disputed) } : payer,
        cancellationToken);

    [LoggerMessage(LogLevel.Warning, "Order {OrderId} cannot be settled now ({Code}); it is tried again.")]
    private static partial void LogUnfulfilled(ILogger logger, string orderId, string code);
}
