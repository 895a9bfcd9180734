using System.Collections.Immutable;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Primitives;

namespace ServerlessAi.Reporting;

/// <summary>What one provider served in a month.</summary>
/// <param name="Cost">USD.</param>
/// <param name="ErrorRate">Failures among all calls, 0 to 1.</param>
/// <param name="P50Ms">Median response time, at most 10 % off; absent without answers.</param>
public sealed record ProviderPart(
    long Calls, long InputTokens, long OutputTokens, long Tokens, long Images, decimal Cost, decimal Credits, long Failures, decimal ErrorRate, long? P50Ms, long? P95Ms)
{
    public static ProviderPart Of(ProviderReport report) => new(
        report.Use.Calls, report.Use.InputTokens, report.Use.OutputTokens, report.Use.Tokens, report.Use.Images, Money.ToUsd(report.Use.CostNanoUsd), Money.ToCredits(report.Use.ChargedMicro),
        report.Failures, Rates.Of(report.Failures, report.Use.Calls + report.Failures), ResponseTimes.Quantile(report.Times, 0.5), ResponseTimes.Quantile(report.Times, 0.95));

    public static ImmutableSortedDictionary<string, ProviderPart> Of(MonthReport report) =>
        report.ByProvider.ToImmutableSortedDictionary(pair => pair.Key, pair => Of(pair.Value), StringComparer.Ordinal);
}

/// <summary>What one selected model and the one that served it came to in a month.</summary>
/// <param name="Model">The one that was selected, which is what is charged.</param>
/// <param name="Cost">USD.</param>
public sealed record ModelPart(string Model, string ServedBy, long Calls, long InputTokens, long OutputTokens, long Tokens, long Images, decimal Cost, decimal Credits)
{
    /// <summary>The dearest first.</summary>
    public static ImmutableArray<ModelPart> Of(MonthReport report) =>
    [
        .. report.ByModel
            .Select(pair => Of(pair.Key, pair.Value))
            .OrderByDescending(part => part.Credits).ThenByDescending(part => part.Calls).ThenBy(part => part.Model, StringComparer.Ordinal),
    ];

    private static ModelPart Of(string key, UseSum use)
    {
        var names = key.Split('>', 2);
        return new ModelPart(
            names[0], names[^1], use.Calls, use.InputTokens, use.OutputTokens, use.Tokens, use.Images, Money.ToUsd(use.CostNanoUsd), Money.ToCredits(use.ChargedMicro));
    }
}

/// <summary>Shares of the plan's limits that are used, in percent; what has no limit is left out.</summary>
/// <param name="Calls">By provider.</param>
/// <param name="Tokens">By provider.</param>
/// <param name="Cost">Of the plan's cost limit, or of the cap from which on the standard tier serves.</param>
/// <param name="Gallery">Of the images that are kept; absent without a limit, and for months that are over.</param>
public sealed record UsagePercentages(ImmutableSortedDictionary<string, decimal> Calls, ImmutableSortedDictionary<string, decimal> Tokens, decimal Cost, decimal? Gallery)
{
    /// <param name="images">That are kept now; null when that says nothing of the month.</param>
    public static UsagePercentages Of(MonthUse month, PlanLimits limits, int? images) => new(
        Each(limits, limit => limit.Calls, provider => MeterOf(month, provider).Calls),
        Each(limits, limit => limit.Tokens, provider => MeterOf(month, provider).Tokens),
        Rates.Percent(Money.ToUsd(month.CostNanoUsd), limits.CostLimitUsd ?? limits.MonthlyCapUsd),
        images is { } kept && limits.Images is { } limit ? Rates.Percent(kept, limit) : null);

    /// <summary>The one that matters.</summary>
    internal decimal Largest => Calls.Values.Concat(Tokens.Values).Append(Cost).Append(Gallery ?? 0).Max();

    /// <summary>The largest of those that a month begins anew, not rounded.</summary>
    internal static decimal LargestOf(MonthUse month, PlanLimits limits) => limits.Providers
        .SelectMany(pair => new[] { (Used: (decimal)MeterOf(month, pair.Key).Calls, Limit: (decimal?)pair.Value.Calls), (MeterOf(month, pair.Key).Tokens, pair.Value.Tokens) })
        .Append((Money.ToUsd(month.CostNanoUsd), limits.CostLimitUsd ?? limits.MonthlyCapUsd))
        .Max(meter => meter.Limit is { } limit ? Rates.Share(meter.Used, limit) : 0);

    /// <summary>Whether nothing of a month would have been refused or made cheaper: the last call and image of a limit are within it, and at the limit of cost nothing is.</summary>
    internal static bool Allow(MonthUse month, PlanLimits limits, int images) =>
        limits.Providers.All(pair => !(MeterOf(month, pair.Key).Calls > pair.Value.Calls) && !(MeterOf(month, pair.Key).Tokens > pair.Value.Tokens))
        && !(images > limits.Images)
        && Rates.Percent(Money.ToUsd(month.CostNanoUsd), limits.CostLimitUsd ?? limits.MonthlyCapUsd) < 100;

    /// <summary><c>ok</c>, <c>warning</c> from 80 % on, <c>critical</c> from 90 % on, <c>exceeded</c> from 100 % on.</summary>
    internal string Status => Largest switch
    {
        >= 100 => "exceeded",
        >= 90 => "critical",
        >= 80 => "warning",
        _ => "ok",
    };

    private static MeterUse MeterOf(MonthUse month, string provider) => month.Meters.GetValueOrDefault(provider, MeterUse.None);

    private static ImmutableSortedDictionary<string, decimal> Each(PlanLimits limits, Func<ProviderLimit, long?> limitOf, Func<string, long> usedOf) => limits.Providers
        .Where(pair => limitOf(pair.Value) is not null)
        .ToImmutableSortedDictionary(pair => pair.Key, pair => Rates.Percent(usedOf(pair.Key), limitOf(pair.Value)!.Value), StringComparer.Ordinal);
}

internal static class Rates
{
    /// <summary>A share of a whole, four digits; 0 of nothing.</summary>
    public static decimal Of(decimal part, decimal whole) => whole == 0 ? 0 : decimal.Round(part / whole, 4);

    /// <summary>Percent, two digits rounded down, so that 100 means all; of a limit of nothing anything is 100.</summary>
    public static decimal Percent(decimal used, decimal limit) => decimal.Round(Share(used, limit), 2, MidpointRounding.ToZero);

    /// <summary>The same, not rounded.</summary>
    public static decimal Share(decimal used, decimal limit) => limit > 0 ? used * 100 / limit : used > 0 ? 100 : 0;
}
