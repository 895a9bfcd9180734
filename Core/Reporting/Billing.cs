using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Reporting;

/// <summary>One event of a billing history.</summary>
/// <param name="Type"><c>purchase</c>, <c>refund</c>, <c>disputeWon</c> for what came back after it was taken, or what happened to a subscription: <c>started</c>, <c>renewed</c>, <c>changed</c>, ...</param>
/// <param name="Credits">Granted or bought; negative when they were taken back.</param>
/// <param name="Amount">That was paid, in <paramref name="Currency"/>; less than zero was paid back. Absent where no order stands behind it, and for what is older than this figure.</param>
/// <param name="Price">USD a month of the plan, as agreed on.</param>
public sealed record BillingEvent(
    DateTimeOffset At, string Type, string OperationId, decimal Credits, decimal? Amount, string? Currency, string? Plan, decimal? Price, DateTimeOffset? PeriodStart, DateTimeOffset? PeriodEnd,
    string? Reason);

/// <summary>What was paid and paid back in a month, in one currency.</summary>
/// <param name="Period"><c>yyyy-MM</c>, UTC.</param>
public sealed record BillingMonth(string Period, string Currency, decimal Received, decimal Refunded);

/// <param name="Months">The last twelve in which money moved, oldest first; on the first page only.</param>
/// <param name="Next">Leads to the page after it; null on the last one.</param>
public sealed record BillingPage(ImmutableArray<BillingEvent> Events, ImmutableArray<BillingMonth>? Months, string? Next);

/// <summary>What was agreed on, bought and taken back, newest first.</summary>
public sealed partial class Billing(RollUps rollUps, TimeProvider time)
{
    /// <summary>Events of a page at most.</summary>
    public const int PageLimit = 100;

    private const int MonthsShown = 12;
    private const decimal CentsPerUnit = 100;

    /// <param name="next">What the page before gave; empty for the first one.</param>
    /// <param name="limit">1 to <see cref="PageLimit"/>.</param>
    public async Task<Answer<BillingPage>> ReadAsync(string accountId, string next, int limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > PageLimit || PlaceOf(next) is not { } after)
        {
            return Refusal.Invalid($"'limit' must be 1 to {PageLimit}, 'next' as a page gave it.");
        }

        var plans = rollUps.ReadPlanEventsAsync(accountId, after.Plan, limit + 1, cancellationToken);
        var bills = rollUps.ReadBillsAsync(accountId, after.Bill, limit + 1, cancellationToken);
        var months = next.Length == 0 ? ReadMonthsAsync(accountId, cancellationToken) : null;
        await Task.WhenAll(plans, bills, months ?? Task.CompletedTask);
        // Both are in this order already, and what comes at the same moment keeps its own.
        var all = (await plans).Select(change => (IsPlan: true, change.Place, Event: Of(change.Value)))
            .Concat((await bills).Select(bill => (IsPlan: false, bill.Place, Event: Of(bill.Value))))
            .OrderByDescending(line => line.Event.At)
            .ToList();
        var shown = all.Take(limit).ToList();
        return new BillingPage(
            [.. shown.Select(line => line.Event)],
            months is null ? null : await months,
            all.Count > limit ? TokenOf(shown.LastOrDefault(line => line.IsPlan).Place ?? after.Plan, shown.LastOrDefault(line => !line.IsPlan).Place ?? after.Bill) : null);
    }

    private async Task<ImmutableArray<BillingMonth>> ReadMonthsAsync(string accountId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var first = BillingPeriod.StartOf(now).AddMonths(1 - MonthsShown);
        var reports = await rollUps.ReadReportsAsync(accountId, Periods.MonthOf(first), Periods.MonthOf(now), cancellationToken);
        return [.. reports.SelectMany(report => IncomeReport.Of(report).Select(part => new BillingMonth(BillingPeriod.OfRow(report.Month), part.Currency, part.Received, part.Refunded)))];
    }

    private static BillingEvent Of(SubscriptionEvent change) => new(
        change.At, Name(change.Kind.ToString()), change.OperationId, Money.ToCredits(change.GrantedMicro), change.Income?.Cents / CentsPerUnit, change.Income?.Currency, change.Terms.PlanId,
        Money.ToUsd(change.Terms.PriceNanoUsd), change.PeriodStart, change.PeriodEnd, change.Reason);

    private static BillingEvent Of(Bill bill) => new(
        bill.At, IsReturn(bill) ? "disputeWon" : Name(bill.Kind.ToString()), bill.OperationId, Money.ToCredits(bill.AmountMicro), bill.Income?.Cents / CentsPerUnit, bill.Income?.Currency, Plan: null, Price: null,
        PeriodStart: null, PeriodEnd: null, bill.Reason);

    private static bool IsReturn(Bill bill) => bill.Kind == EntryKind.Purchase && (bill.Income is { IsOrder: false } || string.Equals(bill.Reason, LedgerEntry.DisputeWon, StringComparison.Ordinal));

    private static string Name(string kind) => char.ToLowerInvariant(kind[0]) + kind[1..];

    private static string TokenOf(string plan, string bill) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{plan}\n{bill}"));

    /// <returns>Where in both lists to go on; null for what no page gave.</returns>
    private static (string Plan, string Bill)? PlaceOf(string next)
    {
        if (next.Length == 0)
        {
            return ("", "");
        }

        return Base64Url.IsValid(next) && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(next)).Split('\n') is [var plan, var bill] && Place().IsMatch(plan) && Place().IsMatch(bill) ? (plan, bill) : null;
    }

    // Inverted ticks, and what tells rows of a moment apart, as keys are written.
    [GeneratedRegex(@"^([0-9]{19}\|[^/\\#?\p{C}]{1,400})?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Place();
}
