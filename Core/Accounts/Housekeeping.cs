using ServerlessAi.Accounts.Subscriptions;

namespace ServerlessAi.Accounts;

/// <summary>What every command does first, so that no timer is needed for a right answer: a timer only makes it visible earlier.</summary>
internal static class Housekeeping
{
    /// <summary>Holds, and grants, that one decision reclaims at most: their rows must fit the transaction. The next command goes on.</summary>
    public const int ReclaimLimit = 16;

    private const int PeriodsKept = 2;

    /// <param name="operationId">The command's own operation: its hold is still there to be settled, however late, and is not reclaimed.</param>
    public static void Apply(Posting posting, string operationId)
    {
        RollPeriods(posting);
        Renewing.Apply(posting);
        ExpireHolds(posting, operationId);
        ExpireGrants(posting);
    }

    // Only forward: an instance whose clock lags must not reopen yesterday and hand out its quota again.
    private static void RollPeriods(Posting posting)
    {
        var state = posting.State;
        var day = Periods.DayOf(posting.Now);
        if (string.CompareOrdinal(day, state.Day.Day) > 0)
        {
            state = state with { Habit = state.Habit.After(state.Day, day), Days = [new DayUse(day), .. state.Days.Where((use, i) => i < PeriodsKept - 1 || IsNamed(hold => hold.Day, use.Day))] };
        }

        var month = Periods.MonthOf(posting.Now);
        if (string.CompareOrdinal(month, state.Month.Month) > 0)
        {
            state = state with { Months = [new MonthUse(month), .. state.Months.Where((use, i) => i < PeriodsKept - 1 || IsNamed(hold => hold.Month, use.Month))] };
        }

        posting.Set(state);

        // A hold of an account that nobody touched for days still counts in its own period when it ends at last.
        bool IsNamed(Func<Hold, string> period, string name) => state.Holds.Any(hold => string.Equals(period(hold), name, StringComparison.Ordinal));
    }

    private static void ExpireHolds(Posting posting, string operationId)
    {
        var expired = posting.State.Holds
            .Where(hold => hold.ExpiresAt <= posting.Now && !string.Equals(hold.OperationId, operationId, StringComparison.Ordinal));
        foreach (var hold in expired.Take(ReclaimLimit))
        {
            // Whoever took it is gone, or cannot say yet whether the vendor did the work: the worst case counts until somebody knows better.
            Ending.GiveUp(posting, hold, HoldStatus.Expired, hold.CostNanoUsd, hold.CostNanoUsd);
            posting.Write(new UsageRecord(hold.OperationId, UsageEvents.Expired, hold.Kind, posting.Now, Facts: null)
            {
                CostNanoUsd = hold.CostNanoUsd,
                UncertainCostNanoUsd = hold.CostNanoUsd,
                PriceVersion = hold.PriceVersion,
                Reason = "lease_expired",
            });
        }
    }

    private static void ExpireGrants(Posting posting)
    {
        foreach (var grant in posting.State.Grants.Where(grant => grant.RemainingMicro > 0 && grant.IsExpired(posting.Now)).Take(ReclaimLimit))
        {
            var grants = posting.State.Grants;
            posting.Set(posting.State with { Grants = grants.Replace(grant, grant with { RemainingMicro = 0 }) });
            posting.Post(EntryKind.Expire, [new Allocation(grant.Id, -grant.RemainingMicro)], grant.Id, "credits_expired");
        }
    }
}
