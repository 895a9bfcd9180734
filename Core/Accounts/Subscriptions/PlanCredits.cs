using System.Collections.Immutable;

namespace ServerlessAi.Accounts.Subscriptions;

/// <summary>Which of an account's credits belong to a period that was paid for. Those of a period end with it, and are told apart by that.</summary>
internal static class PlanCredits
{
    /// <summary>The period's own; or what is left of plans that are over, but never what another period's payer has.</summary>
    /// <param name="paid">What the period may be called.</param>
    public static Func<CreditGrant, bool> Of(Posting posting, ImmutableArray<PaidPeriod> paid)
    {
        var known = posting.State.Subscription ?? posting.State.Lapsed;
        var (isPaid, isRunning) = (known is not null && IsOf(known, paid), posting.Now < known?.PeriodEnd);
        return grant => grant.Kind == GrantKind.Plan && (isPaid ? !isRunning || known!.HasGranted(grant) : known?.HasGranted(grant) is not true);
    }

    /// <summary>Until when credits of the period last that are given back: as long as it runs, or for a month when it is over.</summary>
    /// <param name="paid">What the period may be called.</param>
    public static DateTimeOffset EndOf(Posting posting, ImmutableArray<PaidPeriod> paid) =>
        (posting.State.Subscription ?? posting.State.Lapsed) is { } known && IsOf(known, paid) && posting.Now < known.PeriodEnd ? known.PeriodEnd : posting.Now.AddMonths(1);

    private static bool IsOf(Subscription plan, ImmutableArray<PaidPeriod> paid) => paid.Any(period => period.IsOf(plan));
}
