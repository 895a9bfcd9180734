namespace ServerlessAi.Accounts.Reports;

/// <summary>A line of the usage log and where it counts.</summary>
/// <param name="Month">The roll-up it counts in: that of its hold, or the oldest that is kept.</param>
/// <param name="Provider">Whose model was selected.</param>
public sealed record Tally(string Month, string Provider, UsageRecord Line)
{
    /// <summary>The chat it belongs to; null for none, and for a name that no row key can hold.</summary>
    public string? ChatId => Line.Facts?.ChatId is { } chat && ReportRows.FitsChat(chat) ? chat : null;

    /// <summary>What an answered call adds.</summary>
    public UseSum Use => Line.Facts is { } facts
        ? new UseSum(1, facts.InputTokens, facts.CachedInputTokens, facts.OutputTokens, facts.Images, Line.FreeImages, Line.ChargedMicro, Line.CostNanoUsd) { Sizes = CallSizes.Of(facts) }
        : default;

    /// <summary>What the lines of a decision add to reports.</summary>
    public static IEnumerable<Tally> Of(Decision decision)
    {
        foreach (var line in decision.Usage)
        {
            if (line.Event is UsageEvents.Success or UsageEvents.Failed or UsageEvents.Expired or UsageEvents.CostCorrected
                && decision.Holds.FirstOrDefault(record => string.Equals(record.Hold.OperationId, line.OperationId, StringComparison.Ordinal)) is { Hold: var hold })
            {
                yield return new Tally(PlaceOf(decision.State, hold.Month), hold.Provider ?? line.Facts?.Provider ?? MonthReport.Other, line);
            }
        }
    }

    // As Posting places what comes so late that its month is no longer kept.
    private static string PlaceOf(AccountState state, string month) =>
        state.Months.IsEmpty || state.Months.Any(use => string.Equals(use.Month, month, StringComparison.Ordinal)) ? month : state.Months[^1].Month;
}
