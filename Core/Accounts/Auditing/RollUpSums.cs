using System.Runtime.InteropServices;
using ServerlessAi.Accounts.Reports;

namespace ServerlessAi.Accounts.Auditing;

/// <summary>Days and months must each add up to the usage log. Holds sums only, and the newest months.</summary>
internal sealed class RollUpSums(Findings findings)
{
    // Instances whose clocks differ may be in two months at once.
    private const int MonthsKept = 3;

    private readonly Queue<MonthCost> newestMonths = new(MonthsKept + 1);
    private Sum log;
    private Sum days;
    private Sum months;
    private Sum reports;
    private Sum chatLog;
    private Sum chats;
    private (long ReceivedCents, long RefundedCents) paid;
    private (long ReceivedCents, long RefundedCents) reportedPaid;
    private (long ReceivedCents, long RefundedCents) billed;

    public IReadOnlyCollection<MonthCost> NewestMonths => newestMonths;

    public void Add(UsageRecord line)
    {
        var isSuccess = Bookings.IsSuccess(line);
        log += Bookings.IsPaid(line) ? new Sum(isSuccess ? 1 : 0, isSuccess ? line.ChargedMicro : 0, line.CostNanoUsd, line.UncertainCostNanoUsd) : default;
        // What reports do not tell apart is left out of their sums: how much of the cost is assumed.
        chatLog += Bookings.IsPaid(line) && new Tally("", "", line).ChatId is not null ? new Sum(isSuccess ? 1 : 0, isSuccess ? line.ChargedMicro : 0, line.CostNanoUsd, 0) : default;
    }

    public void Add(MonthReport report)
    {
        var total = report.Total();
        reports += new Sum(total.Calls, total.ChargedMicro, total.CostNanoUsd + report.UnansweredCostNanoUsd, 0);
        var income = report.Income.Values.Aggregate(default(IncomeSum), static (sum, more) => sum + more);
        reportedPaid = (reportedPaid.ReceivedCents + income.ReceivedCents, reportedPaid.RefundedCents + income.RefundedCents);
    }

    /// <summary>An operation's own row, which is the truth of its money.</summary>
    public void Add(OperationRecord operation) => paid = Plus(paid, operation.Income);

    /// <summary>What the billing history says.</summary>
    public void AddBilled(Income? income) => billed = Plus(billed, income);

    public void Add(ChatTotals chat) => chats += new Sum(chat.Use.Calls, chat.Use.ChargedMicro, chat.Use.CostNanoUsd + chat.CostNanoUsd, 0);

    public void Add(DayUse day) => days += new Sum(day.Calls, day.ChargedMicro, day.CostNanoUsd, day.UncertainCostNanoUsd);

    public void Add(MonthUse month)
    {
        months += new Sum(month.Calls, month.ChargedMicro, month.CostNanoUsd, month.UncertainCostNanoUsd);
        newestMonths.Enqueue(new MonthCost(month.Month, month.CostNanoUsd));
        if (newestMonths.Count > MonthsKept)
        {
            newestMonths.Dequeue();
        }
    }

    public void Close()
    {
        if (days != log)
        {
            findings.Add($"Days count {days} of calls, charges, cost and assumed cost, the usage log {log}.");
        }

        if (months != log)
        {
            findings.Add($"Months count {months} of calls, charges, cost and assumed cost, the usage log {log}.");
        }

        if (reports != log with { UncertainCostNanoUsd = 0 })
        {
            findings.Add($"Reports count {reports} of calls, charges and cost, the usage log {log}.");
        }

        if (reportedPaid != paid || billed != paid)
        {
            findings.Add($"Operations say {paid} cents were received and given back, reports {reportedPaid}, the billing history {billed}.");
        }

        if (chats != chatLog)
        {
            findings.Add($"Chats count {chats} of calls, charges and cost, the usage log {chatLog}.");
        }
    }

    private static (long ReceivedCents, long RefundedCents) Plus((long ReceivedCents, long RefundedCents) sum, Income? income) =>
        income is null ? sum : (sum.ReceivedCents + income.ReceivedCents, sum.RefundedCents + income.RefundedCents);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Sum(long Calls, long ChargedMicro, long CostNanoUsd, long UncertainCostNanoUsd)
    {
        public static Sum operator +(Sum one, Sum other) => new(
            one.Calls + other.Calls, one.ChargedMicro + other.ChargedMicro, one.CostNanoUsd + other.CostNanoUsd, one.UncertainCostNanoUsd + other.UncertainCostNanoUsd);

        public override string ToString() => $"({Calls}, {ChargedMicro}, {CostNanoUsd}, {UncertainCostNanoUsd})";
    }
}
