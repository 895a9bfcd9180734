using System.Globalization;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts.Rules;

/// <summary>
/// What the plan allows in a month: calls and tokens of each provider, cost, and which models. What open holds may still use counts as used, so that
/// a limit holds exactly. A call counts with the provider whose model was selected, whoever serves it in the end.
/// </summary>
internal static class PlanUse
{
    public static Refusal? Model(Admission admission) => admission.Limits.Includes(admission.Offer.Access)
        ? null
        : new Refusal(RefusalCodes.ModelNotAllowed, $"The plan '{admission.Plan}' does not include this model.")
            .With("plan", admission.Plan).With("model", admission.Offer.ModelId).With("requires", admission.Offer.Access!);

    public static Refusal? Calls(Admission admission)
    {
        if (admission.ProviderLimit?.Calls is not { } limit)
        {
            return null;
        }

        var used = admission.Meter.Calls;
        return used < limit ? null : Exceeded(admission, "calls", $"{limit} calls of {admission.Offer.Provider}", used, limit);
    }

    public static Refusal? Tokens(Admission admission)
    {
        if (admission.ProviderLimit?.Tokens is not { } limit)
        {
            return null;
        }

        var used = admission.Meter.Tokens;
        var least = Math.Max(1, admission.Offer.InputTokens + admission.Offer.LeastOutputTokens);
        return used + (admission.Offer.IsTokenless ? 0 : least) <= limit ? null : Exceeded(admission, "tokens", $"{limit} tokens of {admission.Offer.Provider}", used, limit);
    }

    public static Refusal? Cost(Admission admission)
    {
        if (admission.Limits.CostLimitUsd is not { } limitUsd)
        {
            return null;
        }

        var usedNanoUsd = admission.MonthCostNanoUsd;
        var worst = admission.Offer.WorstCostNanoUsd(admission.OutputTokens);
        return usedNanoUsd + worst <= Money.FromUsd(limitUsd)
            ? null
            : Exceeded(admission, "cost", string.Create(CultureInfo.InvariantCulture, $"${limitUsd} of cost"), Money.ToUsd(usedNanoUsd), limitUsd);
    }

    private static Refusal Exceeded(Admission admission, string limitType, string what, decimal used, decimal limit)
    {
        var resetsAt = Periods.EndOfMonth(admission.Now);
        var refusal = new Refusal(
            RefusalCodes.UsageLimitExceeded,
            $"The plan '{admission.Plan}' allows {what} a month, and too little of that is left for this request. It starts anew at the beginning of next month (UTC).",
            resetsAt - admission.Now);
        return refusal
            .With("limitType", limitType).With("provider", admission.Offer.Provider ?? "").With("plan", admission.Plan)
            .With("currentUsage", used).With("limit", limit).With("resetsAt", resetsAt);
    }
}
