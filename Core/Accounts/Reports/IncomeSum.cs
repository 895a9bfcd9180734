using System.Runtime.InteropServices;

namespace ServerlessAi.Accounts.Reports;

/// <summary>Money of a month, of one kind and currency; differences may be negative.</summary>
/// <param name="Orders">That were paid, and cost something.</param>
/// <param name="RefundedCents">Paid back, or taken by payers' banks; less than zero when more came back in disputes that were won.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct IncomeSum(long Orders, long ReceivedCents, long RefundedCents)
{
    public static IncomeSum Of(Income income) => new(income.IsOrder ? 1 : 0, income.ReceivedCents, income.RefundedCents);

    /// <summary>Under which it stands in a report: <c>usd.Packages</c>.</summary>
    public static string KeyOf(Income income) => $"{income.Currency}.{income.Kind}";

    public static IncomeSum operator +(IncomeSum one, IncomeSum other) => new(one.Orders + other.Orders, one.ReceivedCents + other.ReceivedCents, one.RefundedCents + other.RefundedCents);

    public static IncomeSum operator -(IncomeSum sum) => new(-sum.Orders, -sum.ReceivedCents, -sum.RefundedCents);
}
