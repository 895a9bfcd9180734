using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Auditing;

namespace ServerlessAi.Tests.Accounts;

/// <summary>The sums say the same as the tallies, without holding any operation.</summary>
public sealed class OperationBooksTests
{
    public enum Flaw
    {
        None,
        ChargedTwiceForTheSameSum,
        ChargesSwapped,
        ChargeWithoutHold,
        CostsSwapped,
        AssumedCostMissing,
        SuccessMissing,
        SuccessTwice,
        ChangeMissing,
        ChangeOfAnotherAmount,
    }

    public static TheoryData<Flaw> Flaws => [.. Enum.GetValues<Flaw>()];

    [Theory]
    [MemberData(nameof(Flaws))]
    public void Sums_and_tallies_find_the_same_flaws(Flaw flaw)
    {
        var (sums, tallies) = (new Findings(), new Findings());
        Close(new OperationSums(), flaw, sums);
        Close(new OperationTallies(), flaw, tallies);

        Assert.Equal(flaw != Flaw.None, tallies.ToImmutable().Any());
        Assert.Equal(flaw != Flaw.None, sums.ToImmutable().Any());
    }

    [Fact]
    public void Past_a_hundred_sentences_they_are_only_counted()
    {
        var findings = new Findings();
        for (var i = 0; i < Findings.Limit + 7; i++)
        {
            findings.Add("wrong");
        }

        Assert.Equal((Findings.Limit + 1, "And 7 more."), (findings.ToImmutable().Length, findings.ToImmutable()[^1]));
    }

    // Two settled operations, "a" for 5 at a cost of 50 and "b" for 7 at 70 of which 30 are assumed, and a gift of 100.
    private static void Close(IOperationBooks books, Flaw flaw, Findings findings)
    {
        var (a, b) = flaw == Flaw.ChargesSwapped ? (7, 5) : (5, 7);
        books.Add(Entry(1, EntryKind.Grant, "gift", 100));
        books.Add(Entry(2, EntryKind.Charge, "b", -b));
        books.Add(Entry(3, EntryKind.Charge, "a", flaw == Flaw.ChargedTwiceForTheSameSum ? -2 : -a));
        if (flaw is Flaw.ChargedTwiceForTheSameSum or Flaw.ChargeWithoutHold)
        {
            books.Add(Entry(4, EntryKind.Charge, flaw == Flaw.ChargeWithoutHold ? "c" : "a", -3));
        }

        books.Add(Hold("a", charged: 5, cost: flaw == Flaw.CostsSwapped ? 70 : 50, assumed: 0));
        books.Add(Hold("b", charged: 7, cost: flaw == Flaw.CostsSwapped ? 50 : 70, assumed: 30));
        if (flaw != Flaw.ChangeMissing)
        {
            books.Add(new OperationRecord("gift", 1, flaw == Flaw.ChangeOfAnotherAmount ? 99 : 100, 100, TestClock.Start));
        }

        books.Add(Line("b", flaw == Flaw.SuccessMissing ? UsageEvents.Failed : UsageEvents.Success, cost: 70, assumed: flaw == Flaw.AssumedCostMissing ? 0 : 30));
        books.Add(Line("a", UsageEvents.Expired, cost: 40, assumed: 40));
        books.Add(Line("a", UsageEvents.CostCorrected, cost: -40, assumed: -40));
        books.Add(Line("a", UsageEvents.Success, cost: 50, assumed: 0));
        books.Add(Line("a", flaw == Flaw.SuccessTwice ? UsageEvents.Success : UsageEvents.Refused, cost: 0, assumed: 0));
        books.Close(findings);
    }

    private static LedgerEntry Entry(long sequence, EntryKind kind, string operationId, long amount) => new(sequence, kind, amount, 0, operationId, TestClock.Start, []);

    private static UsageRecord Line(string operationId, string name, long cost, long assumed) =>
        new(operationId, name, WorkKind.Text, TestClock.Start, Facts: null) { CostNanoUsd = cost, UncertainCostNanoUsd = assumed };

    private static HoldRecord Hold(string operationId, long charged, long cost, long assumed)
    {
        var hold = new Hold
        {
            OperationId = operationId,
            Kind = WorkKind.Text,
            ReservedAt = TestClock.Start,
            ExpiresAt = TestClock.Start,
            Day = "20400516",
            Month = "204005",
            ModelId = "model",
        };
        return new HoldRecord(hold, HoldStatus.Settled) { ChargedMicro = charged, CostNanoUsd = cost, UncertainCostNanoUsd = assumed };
    }
}
