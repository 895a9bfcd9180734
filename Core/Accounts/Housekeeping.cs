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
            state = state with { Days = [new DayUse(day), .. state.Days.Take(PeriodsKept - 1)] };
        }

        var month = Periods.MonthOf(posting.Now);
        if (string.CompareOrdinal(month, state.Month.Month) > 0)
        {
            state = state with { Months = [new MonthUse(month), .. state.Months.Take(PeriodsKept - 1)] };
        }

        posting.Set(state);
    }

    private static void ExpireHolds(Posting posting, string operationId)
    {
        var expired = posting.State.Holds
            .Where(hold => hold.ExpiresAt <= posting.Now && !string.Equals(hold.OperationId, operationId, StringComparison.Ordinal));
        foreach (var hold in expired.Take(ReclaimLimit))
        {
            Ending.GiveUp(posting, hold, HoldStatus.Expired, costNanoUsd: 0);
            posting.Write(new UsageRecord(hold.OperationId, UsageEvents.Expired, hold.Kind, posting.Now, Facts: null)
            {
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
