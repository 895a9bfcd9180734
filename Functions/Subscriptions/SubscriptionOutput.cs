using ServerlessAi.Accounts;
using ServerlessAi.Plans;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Subscriptions;

/// <param name="Price">USD a month.</param>
/// <param name="Credits">Granted each month.</param>
public sealed record PlanOutput(string Id, string Name, string Description, decimal Price, string Currency, string Interval, decimal Credits, PlanLimits Limits)
{
    public static PlanOutput Of(Plan plan) => new(plan.Id, plan.Name, plan.Description, plan.PriceUsd, "USD", "month", plan.Credits, plan.Limits);
}

/// <summary>A subscription in the names of the contract (mission E4, A11).</summary>
/// <param name="Status"><c>none</c>, <c>active</c>, <c>cancelled</c> (until its period ends), <c>pastDue</c> or <c>expired</c>.</param>
/// <param name="ExpiryDate">When it ends, or ended; absent when it goes on.</param>
public sealed record SubscriptionOutput(string UserId, string Plan, SubscriptionStatus Status, bool IsActive)
{
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CurrentPeriodStart { get; init; }

    public DateTimeOffset? CurrentPeriodEnd { get; init; }

    public DateTimeOffset? RenewsAt { get; init; }

    public DateTimeOffset? ExpiryDate { get; init; }

    /// <summary>The plan from the next period on, when it is another.</summary>
    public string? NextPlan { get; init; }

    /// <summary>USD a month, as agreed on.</summary>
    public decimal? Price { get; init; }

    /// <summary>Credits a month, as agreed on.</summary>
    public decimal? CreditsPerPeriod { get; init; }

    public static SubscriptionOutput Of(string userId, SubscriptionView view)
    {
        var output = new SubscriptionOutput(userId, view.Plan.Id, view.Status, view.IsActive);
        return view.Subscription is not { } subscription
            ? output
            : output with
            {
                StartedAt = subscription.StartedAt,
                CurrentPeriodStart = subscription.PeriodStart,
                CurrentPeriodEnd = subscription.PeriodEnd,
                RenewsAt = view.IsActive && subscription.GoesOn ? subscription.PeriodEnd : null,
                ExpiryDate = subscription.Expiry,
                NextPlan = subscription.Next?.PlanId,
                Price = Money.ToUsd(subscription.Terms.PriceNanoUsd),
                CreditsPerPeriod = Money.ToCredits(subscription.Terms.CreditsMicro),
            };
    }
}
