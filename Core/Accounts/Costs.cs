namespace ServerlessAi.Accounts;

/// <summary>What operations cost us, as far as it is known, and what changes when it becomes known later.</summary>
internal static class Costs
{
    /// <summary>Counts cost in the hold's own day and month; negative amounts take back what was counted there before.</summary>
    public static void Add(Posting posting, Hold hold, long costNanoUsd, long uncertainNanoUsd)
    {
        posting.ChangeDay(hold.Day, day => day with
        {
            CostNanoUsd = day.CostNanoUsd + costNanoUsd,
            UncertainCostNanoUsd = day.UncertainCostNanoUsd + uncertainNanoUsd,
        });
        posting.ChangeMonth(hold.Month, month => month with
        {
            CostNanoUsd = month.CostNanoUsd + costNanoUsd,
            UncertainCostNanoUsd = month.UncertainCostNanoUsd + uncertainNanoUsd,
        });
    }

    /// <summary>Brings an ended hold's cost to what is known now. The log only grows: a line says what changes.</summary>
    public static HoldRecord Correct(Posting posting, HoldRecord ended, long costNanoUsd, long uncertainNanoUsd, string reason, UsageFacts? facts = null)
    {
        var hold = ended.Hold;
        var (cost, uncertain) = (costNanoUsd - ended.CostNanoUsd, uncertainNanoUsd - ended.UncertainCostNanoUsd);
        if (cost == 0 && uncertain == 0)
        {
            return ended;
        }

        Add(posting, hold, cost, uncertain);
        posting.Write(new UsageRecord(hold.OperationId, UsageEvents.CostCorrected, hold.Kind, posting.Now, facts)
        {
            CostNanoUsd = cost,
            UncertainCostNanoUsd = uncertain,
            Correction = ended.Corrections + 1,
            PriceVersion = hold.PriceVersion,
            Reason = reason,
        });
        return ended with { CostNanoUsd = costNanoUsd, UncertainCostNanoUsd = uncertainNanoUsd, Corrections = ended.Corrections + 1 };
    }
}
