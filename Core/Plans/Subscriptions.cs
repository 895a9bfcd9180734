using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Plans;

/// <summary>How a subscription stands.</summary>
public enum SubscriptionStatus
{
    /// <summary>The account has none, and the limits of the default plan.</summary>
    None = 0,

    Active = 1,

    /// <summary>Active until its period ends, and not beyond.</summary>
    Cancelled = 2,

    /// <summary>Its period is over and the next not paid yet; the plan goes on for some days.</summary>
    PastDue = 3,

    /// <summary>It has ended.</summary>
    Expired = 4,
}

/// <summary>An account's plan as its owner sees it.</summary>
/// <param name="Plan">The plan whose limits count.</param>
/// <param name="Subscription">The running one, else the one that ended last; null when there never was one.</param>
public sealed record SubscriptionView(string AccountId, Plan Plan, SubscriptionStatus Status, Subscription? Subscription, AccountState Account)
{
    public bool IsActive => Status is SubscriptionStatus.Active or SubscriptionStatus.Cancelled or SubscriptionStatus.PastDue;
}

/// <summary>What an admin says of a user's subscription (mission A11).</summary>
/// <param name="PlanId">Null keeps the plan it has or had last, else the cheapest that costs something.</param>
/// <param name="ExpiresAt">When it ends; null renews it every month until somebody says otherwise.</param>
public sealed record SubscriptionOrder(string? PlanId, bool IsActive, DateTimeOffset? ExpiresAt, string Reason);

/// <summary>Reads subscriptions, and changes them without a payment. What is paid for comes through payments.</summary>
public sealed class Subscriptions(AccountStore accounts, PlanStore plans, IIdSource ids, TimeProvider time)
{
    public async Task<SubscriptionView> ReadAsync(string accountId, CancellationToken cancellationToken)
    {
        var (list, now) = (await plans.GetAsync(cancellationToken), time.GetUtcNow());
        return Show(list, await accounts.ReadAsync(accountId, now), now);
    }

    /// <summary>Shows the plan that an account has, or would have after what time has done to it since it was stored.</summary>
    public static SubscriptionView Show(PlanList list, AccountState account, DateTimeOffset now)
    {
        var plan = list.Find(list.Book.NameOf(account.PlanId))!;
        var status = account.Subscription switch
        {
            null => account.Lapsed is null ? SubscriptionStatus.None : SubscriptionStatus.Expired,
            { IsCancelled: true } => SubscriptionStatus.Cancelled,
            var running => running.IsPastDue(now) ? SubscriptionStatus.PastDue : SubscriptionStatus.Active,
        };
        return new SubscriptionView(account.AccountId, plan, status, account.Subscription ?? account.Lapsed, account);
    }

    /// <summary>Sets a user's subscription at once, whatever it was. Repeating it changes nothing and grants nothing twice.</summary>
    public async Task<Answer<SubscriptionView>> SetAsync(string accountId, SubscriptionOrder order, CancellationToken cancellationToken)
    {
        var list = await plans.GetAsync(cancellationToken);
        SetPlan command;
        if (order.IsActive)
        {
            var chosen = await ChooseAsync(list, accountId, order);
            if (!chosen.Succeeded)
            {
                return chosen.Refusal;
            }

            command = new SetPlan(ids.NewOperationId(), chosen.Value.ToTerms(), RenewalKind.Automatic, order.Reason) { EndsAt = order.ExpiresAt };
        }
        else
        {
            var now = time.GetUtcNow();
            var current = Show(list, await accounts.ReadAsync(accountId, now), now);
            if (!current.IsActive && await accounts.ReadStoredAsync(accountId) is null)
            {
                return current;
            }

            // Where there is none it is said in writing, too: one that was set without an answer may still be on its way.
            command = new SetPlan(ids.NewOperationId(), Terms: null, RenewalKind.None, order.Reason) { MayHaveHappened = true };
            if (await accounts.ExecuteAsync(accountId, command) is var ended && ended is not Refused { Refusal.Code: RefusalCodes.NotFound })
            {
                return ToAnswer(list, ended);
            }

            return Show(list, await accounts.ReadAsync(accountId, now), now);
        }

        return ToAnswer(list, await accounts.ExecuteAsync(accountId, command));
    }

    /// <summary>Ends it with its period, or takes that back.</summary>
    public async Task<Answer<SubscriptionView>> SetNextAsync(string accountId, Plan? next, string reason, CancellationToken cancellationToken)
    {
        var list = await plans.GetAsync(cancellationToken);
        return ToAnswer(list, await accounts.ExecuteAsync(accountId, new SetNextPlan(ids.NewOperationId(), next?.ToTerms(), reason)));
    }

    private async Task<Answer<Plan>> ChooseAsync(PlanList list, string accountId, SubscriptionOrder order)
    {
        if (order.PlanId is { } named)
        {
            return list.Find(named) is { } plan ? plan : Refusal.Invalid($"There is no plan with the id '{named}'.");
        }

        var account = await accounts.ReadAsync(accountId);
        var known = (account.Subscription ?? account.Lapsed)?.Terms.PlanId;
        var chosen = (known is null ? null : list.Find(known)) ?? list.Plans.FirstOrDefault(plan => plan is { Offered: true, PriceUsd: > 0 });
        return chosen is not null ? chosen : Refusal.Invalid("Name a 'plan'.");
    }

    private Answer<SubscriptionView> ToAnswer(PlanList list, Outcome outcome) => outcome switch
    {
        PlanSet set => Show(list, set.Account, time.GetUtcNow()),
        Refused refused => refused.Refusal,
        _ => throw new InvalidOperationException($"A change of plan came to {outcome.GetType().Name}."),
    };
}
