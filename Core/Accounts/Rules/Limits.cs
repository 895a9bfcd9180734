using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts.Rules;

/// <summary>One account's jobs running at once.</summary>
internal static class Concurrency
{
    public static Refusal? ActiveJobs(Admission admission) => admission.State.Holds.Length < admission.Limits.ConcurrentJobs
        ? null
        : new Refusal(
            RefusalCodes.ConcurrencyLimit,
            admission.Limits.ConcurrentJobs == 1
                ? "Another request of this account is still running. Wait for it to finish."
                : $"{admission.Limits.ConcurrentJobs} requests of this account are still running. Wait for one to finish.",
            TimeSpan.FromSeconds(1)).With("limit", admission.Limits.ConcurrentJobs);
}

/// <summary>Tokens a day; what open holds may still use counts as used.</summary>
internal static class DailyTokens
{
    public static Refusal? Left(Admission admission)
    {
        var offer = admission.Offer;
        if (offer.InputTokens + offer.LeastOutputTokens <= admission.TokensLeftToday)
        {
            return null;
        }

        var resetsAt = Periods.EndOfDay(admission.Now);
        return new Refusal(
            RefusalCodes.DailyTokenLimit,
            $"The plan '{admission.Plan}' allows {admission.Limits.TokensPerDay} tokens a day, and too little of that is left for this request. It starts anew at 00:00 UTC.",
            resetsAt - admission.Now)
            .With("plan", admission.Plan).With("limit", admission.Limits.TokensPerDay)
            .With("currentUsage", admission.State.Day.TokensUsed + admission.State.Day.TokensHeld).With("resetsAt", resetsAt);
    }
}

/// <summary>Free quota or enough credits.</summary>
internal static class Funds
{
    public static Refusal? CoverTheOffer(Admission admission)
    {
        if (admission.UsesFreeQuota)
        {
            return null;
        }

        var needed = Math.Max(admission.Limits.MinimumBalanceMicro, admission.Offer.WorstMicro(admission.Offer.LeastOutputTokens));
        return admission.AvailableMicro >= needed ? null : Insufficient(admission.AvailableMicro, needed);
    }

    public static Refusal Insufficient(long availableMicro, long neededMicro) =>
        new Refusal(RefusalCodes.InsufficientCredits, "The account has too few credits for this request.")
            .With("creditsAvailable", Money.ToCredits(availableMicro))
            .With("creditsNeeded", Money.ToCredits(neededMicro));
}

/// <summary>Soft budgets do not refuse: at the account's cap, or the platform's, the standard tier serves.</summary>
internal static class Budget
{
    public const string MonthlyCap = "monthly_cap";
    public const string PlatformBudget = "platform_budget";

    /// <returns>The place of the offer to admit, and why it is not the wished-for one.</returns>
    public static (int OfferIndex, string? DowngradeReason) Choose(AccountState state, Reserve command)
    {
        var reason = Reason(state, command);
        if (reason is null || command.Offers[0].IsStandard)
        {
            return (0, null);
        }

        for (var i = 1; i < command.Offers.Length; i++)
        {
            if (command.Offers[i].IsStandard)
            {
                return (i, reason);
            }
        }

        return (0, null);
    }

    /// <summary>What a hard cap leaves must cover the worst case, so that the cap holds whatever the call comes to.</summary>
    public static Refusal? HardCap(Admission admission)
    {
        var month = admission.State.Month;
        return admission.Limits.HardCapNanoUsd is { } cap && month.CostNanoUsd + month.CostHeldNanoUsd + admission.Offer.WorstCostNanoUsd(admission.OutputTokens) > cap
            ? new Refusal(RefusalCodes.UsageLimitExceeded, "The month's budget for this is used up.")
            : null;
    }

    private static string? Reason(AccountState state, Reserve command)
    {
        var month = state.Month;
        var limits = command.Plans.LimitsOf(state.PlanId);
        if (month.CostNanoUsd + month.CostHeldNanoUsd >= limits.MonthlyCapNanoUsd)
        {
            return MonthlyCap;
        }

        // Near a limit that is never passed, what is cheaper still fits.
        if (limits.CostLimitUsd is { } limitUsd && month.CostNanoUsd + month.CostHeldNanoUsd + command.Offers[0].WorstCostNanoUsd(command.Offers[0].LeastOutputTokens) > Money.FromUsd(limitUsd))
        {
            return MonthlyCap;
        }

        return command.PlatformOverBudget ? PlatformBudget : null;
    }
}
