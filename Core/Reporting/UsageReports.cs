using System.Collections.Immutable;
using System.Globalization;
using ServerlessAi.Accounts;
using ServerlessAi.Plans;
using ServerlessAi.Primitives;

namespace ServerlessAi.Reporting;

/// <summary>A month of an account (mission E5).</summary>
/// <param name="BillingPeriod"><c>yyyy-MM</c>, UTC.</param>
/// <param name="TotalCost">USD that the calls cost.</param>
/// <param name="FailuresByCode">Calls that brought no answer.</param>
/// <param name="Limits">Those that count now, whichever month is shown.</param>
public sealed record UsageReport(
    string BillingPeriod, long TotalCalls, long TotalTokens, long TotalImages, decimal TotalCost, decimal CreditsUsed, long Failures, decimal ErrorRate, int Downgrades, string UsageStatus,
    ImmutableSortedDictionary<string, ProviderPart> ByProvider, ImmutableArray<ModelPart> ByModel, ImmutableSortedDictionary<string, long> FailuresByCode, string PlanName, PlanLimits Limits,
    UsagePercentages UsagePercentages);

/// <param name="Period"><c>yyyy-MM</c> or <c>yyyy-MM-dd</c>.</param>
/// <param name="Cost">USD.</param>
public sealed record TrendPart(string Period, int Calls, int Failures, decimal ErrorRate, long Tokens, int Images, decimal Cost, decimal Credits);

/// <summary>Oldest first; periods in which nothing was used are there, and zero.</summary>
/// <param name="Days">Of the month that runs, until today.</param>
public sealed record Trends(ImmutableArray<TrendPart> Months, ImmutableArray<TrendPart> Days);

/// <summary>Usage by month and day, from roll-ups.</summary>
public sealed class UsageReports(AccountStore accounts, PlanStore plans, RollUps rollUps, TimeProvider time)
{
    public const int MonthsLimit = 12;

    /// <param name="start">Any instant of the month; null for the one that runs.</param>
    public async Task<UsageReport> ReadAsync(string accountId, DateTimeOffset? start, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var name = Periods.MonthOf(start ?? now);
        var (list, state) = (plans.GetAsync(cancellationToken).AsTask(), accounts.ReadAsync(accountId, now));
        var (use, details) = (rollUps.ReadMonthAsync(accountId, name, cancellationToken), rollUps.ReadReportAsync(accountId, name, cancellationToken));
        await Task.WhenAll(list, state, use, details);
        var (plan, month, report) = (Plans.Subscriptions.Show(await list, await state, now).Plan, await use, await details);
        var isRunning = string.Equals(name, Periods.MonthOf(now), StringComparison.Ordinal);
        var percentages = UsagePercentages.Of(month, plan.Limits, isRunning ? (await state).Images : null);
        return new UsageReport(
            BillingPeriod.Of(start ?? now), month.Calls, month.Tokens, month.Images, Money.ToUsd(month.CostNanoUsd), Money.ToCredits(month.ChargedMicro), month.Failures,
            Rates.Of(month.Failures, (decimal)month.Calls + month.Failures), month.Downgrades, percentages.Status, ProviderPart.Of(report), ModelPart.Of(report), report.Failures, plan.Name,
            plan.Limits, percentages);
    }

    /// <param name="count">Months, the one that runs among them.</param>
    public async Task<Trends> ReadTrendsAsync(string accountId, int count, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var (start, today) = (BillingPeriod.StartOf(now), Periods.DayOf(now));
        var months = rollUps.ReadMonthsAsync(accountId, Periods.MonthOf(start.AddMonths(1 - count)), Periods.MonthOf(start), cancellationToken);
        var days = rollUps.ReadDaysAsync(accountId, Periods.DayOf(start), today, cancellationToken);
        await Task.WhenAll(months, days);
        var monthsByName = (await months).ToDictionary(month => month.Month, StringComparer.Ordinal);
        var daysByName = (await days).ToDictionary(day => day.Day, StringComparer.Ordinal);
        return new Trends(
            [.. Enumerable.Range(0, count).Select(i => start.AddMonths(1 - count + i)).Select(at => Part(at, monthsByName.GetValueOrDefault(Periods.MonthOf(at)) ?? MonthUse.None))],
            [.. Enumerable.Range(0, now.UtcDateTime.Day).Select(i => start.AddDays(i)).Select(at => Part(at, daysByName.GetValueOrDefault(Periods.DayOf(at)) ?? DayUse.None))]);
    }

    private static TrendPart Part(DateTimeOffset at, MonthUse month) => new(
        BillingPeriod.Of(at), month.Calls, month.Failures, Rates.Of(month.Failures, (decimal)month.Calls + month.Failures), month.Tokens, month.Images, Money.ToUsd(month.CostNanoUsd),
        Money.ToCredits(month.ChargedMicro));

    private static TrendPart Part(DateTimeOffset at, DayUse day) => new(
        at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), day.Calls, day.Failures, Rates.Of(day.Failures, (decimal)day.Calls + day.Failures), day.TokensUsed, day.Images,
        Money.ToUsd(day.CostNanoUsd), Money.ToCredits(day.ChargedMicro));
}
