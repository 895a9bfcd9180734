using System.Collections.Immutable;
using ServerlessAi.Accounts.Reports;

namespace ServerlessAi.Reporting;

/// <summary>Money of one kind of orders, in the currency of its report.</summary>
/// <param name="Orders">That were paid.</param>
/// <param name="Refunded">Paid back, or taken by payers' banks; less than zero where more came back in disputes that were won.</param>
public sealed record IncomePart(long Orders, decimal Received, decimal Refunded, decimal Net)
{
    private const decimal CentsPerUnit = 100;

    public static IncomePart Of(IncomeSum sum) =>
        new(sum.Orders, sum.ReceivedCents / CentsPerUnit, sum.RefundedCents / CentsPerUnit, (sum.ReceivedCents - sum.RefundedCents) / CentsPerUnit);
}

/// <summary>
/// What was really received and given back in a month, in one currency, with discounts taken off. It counts in the month in which an order was fulfilled, and in
/// which credits or plan were taken back. Orders that could not be delivered, because their account was deleted before they were paid, are in neither sum: all
/// of their money goes back.
/// </summary>
/// <param name="Currency">ISO 4217, lower case.</param>
/// <param name="ByKind"><c>packages</c>, <c>plans</c>, <c>topUps</c>.</param>
public sealed record IncomeReport(string Currency, long Orders, decimal Received, decimal Refunded, decimal Net, ImmutableSortedDictionary<string, IncomePart> ByKind)
{
    /// <summary>One for each currency, by its name; none where no money moved.</summary>
    public static ImmutableArray<IncomeReport> Of(MonthReport report) =>
    [
        .. report.Income
            .Where(pair => pair.Value != default)
            .Select(pair => (Name: pair.Key.Split('.', 2), Sum: pair.Value))
            .GroupBy(part => part.Name[0], StringComparer.Ordinal)
            .Select(group => Of(group.Key, group.ToImmutableSortedDictionary(part => char.ToLowerInvariant(part.Name[1][0]) + part.Name[1][1..], part => part.Sum, StringComparer.Ordinal))),
    ];

    private static IncomeReport Of(string currency, ImmutableSortedDictionary<string, IncomeSum> sums)
    {
        var total = IncomePart.Of(sums.Values.Aggregate(default(IncomeSum), static (sum, more) => sum + more));
        return new IncomeReport(
            currency, total.Orders, total.Received, total.Refunded, total.Net, sums.ToImmutableSortedDictionary(pair => pair.Key, pair => IncomePart.Of(pair.Value), StringComparer.Ordinal));
    }
}
