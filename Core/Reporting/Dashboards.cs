using System.Collections.Immutable;
using ServerlessAi.Accounts;
using ServerlessAi.Plans;
using ServerlessAi.Primitives;

namespace ServerlessAi.Reporting;

/// <summary>The dashboard of mission E6.</summary>
/// <param name="Alerts">The newest of the month, newest first.</param>
public sealed record Dashboard(DashboardSummary Summary, CurrentUsage CurrentUsage, DashboardLimits Limits, Projections Projections, ImmutableArray<BookedAlert> Alerts);

/// <param name="Status">Of the subscription: <c>none</c>, <c>active</c>, <c>cancelled</c>, <c>pastDue</c> or <c>expired</c>.</param>
/// <param name="CreditsUsed">Charged this month.</param>
/// <param name="ImagesKept">In the gallery, whenever they were made.</param>
public sealed record DashboardSummary(
    string UserId, string PlanName, SubscriptionStatus Status, decimal Credits, decimal HeldCredits, decimal CreditsUsed, int CallsToday, long TotalTokens, int TotalImages, int Failures,
    decimal ErrorRate, int AlertsThisMonth, int ImagesKept);

/// <param name="BillingPeriod"><c>yyyy-MM</c>, UTC.</param>
/// <param name="TotalCost">USD that the calls cost.</param>
/// <param name="UsageStatus">See <see cref="UsagePercentages.Status"/>.</param>
public sealed record CurrentUsage(
    string BillingPeriod, int TotalCalls, decimal TotalCost, string UsageStatus, ImmutableSortedDictionary<string, ProviderPart> ProviderBreakdown, UsagePercentages UsagePercentages);

public sealed record DashboardLimits(string PlanName, PlanLimits Limits);

/// <summary>The month to date, and the rest of it at the pace so far: of the month, or of the account if that is younger.</summary>
/// <param name="ProjectedMonthlyCost">USD, rounded to a hundredth of a cent.</param>
/// <param name="ProjectedUsagePercentage">Of the limit that is used most; a gallery is taken as it is.</param>
public sealed record Projections(decimal ProjectedMonthlyCost, decimal ProjectedUsagePercentage)
{
    public static Projections Of(AccountState account, MonthUse month, PlanLimits limits, UsagePercentages percentages, DateTimeOffset now) => new(
        decimal.Round(BillingPeriod.Project(Money.ToUsd(month.CostNanoUsd), account.CreatedAt, now), 4),
        Math.Max(decimal.Round(BillingPeriod.Project(UsagePercentages.LargestOf(month, limits), account.CreatedAt, now), 2), percentages.Gallery ?? 0));
}

/// <summary>Makes dashboards from an account's row, its month's report and its newest alerts: 13 entities, whatever the account has used.</summary>
public sealed class Dashboards(AccountStore accounts, PlanStore plans, RollUps rollUps, AlertBook book, TimeProvider time)
{
    private const int AlertsShown = 10;

    public async Task<Dashboard> ReadAsync(string accountId, string userId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var month = Periods.MonthOf(now);
        var (list, state) = (plans.GetAsync(cancellationToken).AsTask(), accounts.ReadAsync(accountId, now));
        var (report, alerts) = (rollUps.ReadReportAsync(accountId, month, cancellationToken), book.NewestAsync(accountId, BillingPeriod.StartOf(now), AlertsShown, cancellationToken));
        await Task.WhenAll(list, state, report, alerts);
        return Make(userId, Plans.Subscriptions.Show(await list, await state, now), await report, await alerts, now);
    }

    private static Dashboard Make(string userId, SubscriptionView view, Accounts.Reports.MonthReport report, IReadOnlyList<BookedAlert> alerts, DateTimeOffset now)
    {
        var (account, limits) = (view.Account, view.Plan.Limits);
        var month = account.Months.FirstOrDefault(use => string.Equals(use.Month, report.Month, StringComparison.Ordinal)) ?? new MonthUse(report.Month);
        var percentages = UsagePercentages.Of(month, limits, account.Images);
        return new Dashboard(
            new DashboardSummary(
                userId, view.Plan.Name, view.Status, Money.ToCredits(account.AvailableMicro(now)), Money.ToCredits(account.HeldMicro), Money.ToCredits(month.ChargedMicro), account.Day.Calls,
                month.Tokens, month.Images, month.Failures, Rates.Of(month.Failures, (decimal)month.Calls + month.Failures), month.Alerts, account.Images),
            new CurrentUsage(BillingPeriod.Of(now), month.Calls, Money.ToUsd(month.CostNanoUsd), percentages.Status, ProviderPart.Of(report), percentages),
            new DashboardLimits(view.Plan.Name, limits),
            Projections.Of(account, month, limits, percentages, now),
            [.. alerts]);
    }
}
