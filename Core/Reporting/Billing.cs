using System.Collections.Immutable;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Reporting;

/// <summary>One event of a billing history.</summary>
/// <param name="Type"><c>purchase</c>, <c>refund</c>, or what happened to a subscription: <c>started</c>, <c>renewed</c>, <c>changed</c>, ...</param>
/// <param name="Credits">Granted or bought; negative when they were taken back.</param>
/// <param name="Price">USD a month of the plan, as agreed on; absent for credits, whose price the payment says.</param>
public sealed record BillingEvent(DateTimeOffset At, string Type, string OperationId, decimal Credits, string? Plan, decimal? Price, DateTimeOffset? PeriodStart, DateTimeOffset? PeriodEnd, string? Reason);

/// <summary>What was agreed on, bought and taken back, newest first.</summary>
public sealed class Billing(RollUps rollUps)
{
    public const int EventsLimit = 100;

    public async Task<ImmutableArray<BillingEvent>> ReadAsync(string accountId, CancellationToken cancellationToken)
    {
        var plans = rollUps.ReadPlanEventsAsync(accountId, EventsLimit, cancellationToken);
        var payments = rollUps.ReadPaymentsAsync(accountId, EventsLimit, cancellationToken);
        await Task.WhenAll(plans, payments);
        return [.. (await plans).Select(Of).Concat((await payments).Select(Of)).OrderByDescending(line => line.At).Take(EventsLimit)];
    }

    private static BillingEvent Of(SubscriptionEvent change) => new(
        change.At, Name(change.Kind.ToString()), change.OperationId, Money.ToCredits(change.GrantedMicro), change.Terms.PlanId, Money.ToUsd(change.Terms.PriceNanoUsd), change.PeriodStart,
        change.PeriodEnd, change.Reason);

    private static BillingEvent Of(LedgerEntry entry) => new(
        entry.At, Name(entry.Kind.ToString()), entry.OperationId, Money.ToCredits(entry.AmountMicro), Plan: null, Price: null, PeriodStart: null, PeriodEnd: null, entry.Reason);

    private static string Name(string kind) => char.ToLowerInvariant(kind[0]) + kind[1..];
}
