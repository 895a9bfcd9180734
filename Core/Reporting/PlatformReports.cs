using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Primitives;

namespace ServerlessAi.Reporting;

/// <param name="Model">The one that was selected.</param>
/// <param name="RevenueUsd">Credits that were charged, at list price (<c>Accounts:UsdPerCredit</c>), whoever gave or sold them: what margins are reckoned with, not money.</param>
/// <param name="MarginUsd">Revenue less cost; <paramref name="Margin"/> is its share of the revenue, absent without any.</param>
public sealed record PlatformModel(string Model, long Calls, long Tokens, long Images, decimal CostUsd, decimal Credits, decimal RevenueUsd, decimal MarginUsd, decimal? Margin);

/// <summary>A month of the whole installation (mission B15).</summary>
/// <param name="UnansweredCostUsd">The part of the cost that brought no answer: failures, and corrections of what was assumed.</param>
/// <param name="RevenueUsd">Credits that were charged, at list price, those of sign-ups, codes and plans among them: not money, which is in <paramref name="Income"/>.</param>
/// <param name="MarginUsd">Of that revenue.</param>
/// <param name="PurchasedCredits">Bought with packages and top-ups, or entered as bought by an admin; what plans grant is not.</param>
/// <param name="RefundedCredits">Of purchased ones, taken back.</param>
/// <param name="Income">What was really received and given back, by currency.</param>
public sealed record PlatformReport(
    string Period, long Calls, long Failures, decimal ErrorRate, decimal CostUsd, decimal UnansweredCostUsd, decimal Credits, decimal RevenueUsd, decimal MarginUsd, decimal? Margin,
    decimal PurchasedCredits, decimal RefundedCredits, ImmutableArray<IncomeReport> Income, ImmutableArray<PlatformModel> Models, ImmutableSortedDictionary<string, ProviderPart> Providers,
    ImmutableSortedDictionary<string, long> FailuresByCode);

/// <param name="State"><c>within</c>, <c>overSoft</c> or <c>overHard</c>.</param>
/// <param name="SoftUsd">Absent for no such budget.</param>
public sealed record BudgetReport(string Period, BudgetState State, decimal SpentUsd, decimal? SoftUsd, decimal? HardUsd, decimal ProjectedUsd);

/// <summary>What all accounts came to, from what instances add up; no account is read.</summary>
public sealed class PlatformReports(PlatformUse use, PlatformSpend spend, IOptions<BudgetOptions> budget, IOptions<AccountOptions> credits, TimeProvider time)
{
    /// <param name="start">Any instant of the month; null for the one that runs.</param>
    public async Task<PlatformReport> ReadAsync(DateTimeOffset? start, CancellationToken cancellationToken)
    {
        var at = start ?? time.GetUtcNow();
        await use.FlushAsync(cancellationToken);
        var report = await use.ReadAsync(Periods.MonthOf(at), cancellationToken);
        var total = report.Total();
        var (failures, cost) = (report.Failures.Values.Sum(), Money.ToUsd(total.CostNanoUsd + report.UnansweredCostNanoUsd));
        var revenue = Usd(total.ChargedMicro);
        return new PlatformReport(
            BillingPeriod.Of(at), total.Calls, failures, Rates.Of(failures, total.Calls + failures), cost, Money.ToUsd(report.UnansweredCostNanoUsd), Money.ToCredits(total.ChargedMicro), revenue,
            revenue - cost, MarginOf(revenue, cost), Money.ToCredits(report.PurchasedMicro), Money.ToCredits(report.RefundedMicro), IncomeReport.Of(report), Models(report),
            ProviderPart.Of(report), report.Failures);
    }

    public async Task<BudgetReport> ReadBudgetAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var state = await spend.GetStateAsync(cancellationToken);
        var spent = Money.ToUsd(await spend.ReadMonthAsync(cancellationToken));
        return new BudgetReport(
            BillingPeriod.Of(now), state, spent, budget.Value.MonthlyUsd, budget.Value.HardUsd, decimal.Round(BillingPeriod.Project(spent, DateTimeOffset.MinValue, now), 4));
    }

    private ImmutableArray<PlatformModel> Models(MonthReport report) =>
    [
        .. report.ByModel
            .GroupBy(pair => pair.Key.Split('>', 2)[0], pair => pair.Value, StringComparer.Ordinal)
            .Select(group => Model(group.Key, group.Aggregate((sum, more) => sum + more)))
            .OrderByDescending(model => model.RevenueUsd).ThenBy(model => model.Model, StringComparer.Ordinal),
    ];

    private PlatformModel Model(string id, UseSum sum)
    {
        var (cost, revenue) = (Money.ToUsd(sum.CostNanoUsd), Usd(sum.ChargedMicro));
        return new PlatformModel(id, sum.Calls, sum.Tokens, sum.Images, cost, Money.ToCredits(sum.ChargedMicro), revenue, revenue - cost, MarginOf(revenue, cost));
    }

    private decimal Usd(long micro) => Money.ToCredits(micro) * credits.Value.UsdPerCredit;

    private static decimal? MarginOf(decimal revenue, decimal cost) => revenue > 0 ? decimal.Round((revenue - cost) / revenue, 4) : null;
}
