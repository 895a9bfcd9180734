namespace ServerlessAi.Accounts.Auditing;

/// <summary>Names the operations whose rows differ. Holds a tally of each operation of the account: only for accounts in which something does differ.</summary>
internal sealed class OperationTallies : IOperationBooks
{
    private readonly Dictionary<string, Tally> tallies = new(StringComparer.Ordinal);
    private readonly HashSet<(string OperationId, long Sequence, long AmountMicro)> unmatchedChanges = [];

    public void Add(LedgerEntry entry)
    {
        if (entry.Kind == EntryKind.Charge)
        {
            var tally = Of(entry.OperationId);
            tally.Charges++;
            tally.ChargedMicro -= entry.AmountMicro;
        }
        else if (Bookings.IsChange(entry))
        {
            Match(entry.OperationId, entry.Sequence, entry.AmountMicro);
        }
    }

    public void Add(HoldRecord record)
    {
        var tally = Of(record.Hold.OperationId);
        tally.HasHold = true;
        tally.IsSettled = record.Status == HoldStatus.Settled;
        tally.HoldChargedMicro = record.ChargedMicro;
        tally.Recorded = (record.CostNanoUsd, record.UncertainCostNanoUsd);
    }

    public void Add(UsageRecord line)
    {
        if (!Bookings.IsPaid(line))
        {
            return;
        }

        var tally = Of(line.OperationId);
        tally.Successes += Bookings.IsSuccess(line) ? 1 : 0;
        tally.Logged = (tally.Logged.CostNanoUsd + line.CostNanoUsd, tally.Logged.UncertainCostNanoUsd + line.UncertainCostNanoUsd);
    }

    public void Add(OperationRecord operation)
    {
        if (Bookings.HasEntry(operation))
        {
            Match(operation.OperationId, operation.Sequence, operation.AmountMicro);
        }
    }

    public void Close(Findings findings)
    {
        foreach (var (id, tally) in tallies)
        {
            Close(id, tally, findings);
        }

        if (unmatchedChanges.Count > 0)
        {
            var named = string.Join(", ", unmatchedChanges.Select(change => change.OperationId).Distinct(StringComparer.Ordinal).Take(10));
            findings.Add($"Grants and deductions in the ledger and their own rows differ: {named}.");
        }
    }

    private static void Close(string id, Tally tally, Findings findings)
    {
        if (tally.Charges > 1)
        {
            findings.Add($"Operation {id} was charged {tally.Charges} times.");
        }

        if (!tally.HasHold && tally.Charges > 0)
        {
            findings.Add($"A charge belongs to no hold: operation {id}.");
        }
        else if (tally.HoldChargedMicro != tally.ChargedMicro)
        {
            findings.Add($"Hold {id} says {tally.HoldChargedMicro} charged, the ledger {tally.ChargedMicro}.");
        }

        if (tally.Successes != (tally.IsSettled ? 1 : 0))
        {
            findings.Add($"Settled holds and the successes in the usage log differ: operation {id}.");
        }

        if (tally.Recorded != tally.Logged)
        {
            findings.Add($"Hold {id} says {tally.Recorded} of cost and assumed cost, the usage log {tally.Logged}.");
        }
    }

    // The second of a pair takes the first away.
    private void Match(string operationId, long sequence, long amountMicro)
    {
        if (!unmatchedChanges.Add((operationId, sequence, amountMicro)))
        {
            unmatchedChanges.Remove((operationId, sequence, amountMicro));
        }
    }

    private Tally Of(string operationId)
    {
        if (!tallies.TryGetValue(operationId, out var tally))
        {
            tallies[operationId] = tally = new Tally();
        }

        return tally;
    }

    private sealed class Tally
    {
        public int Charges { get; set; }

        public long ChargedMicro { get; set; }

        public bool HasHold { get; set; }

        public bool IsSettled { get; set; }

        public long HoldChargedMicro { get; set; }

        public int Successes { get; set; }

        public (long CostNanoUsd, long UncertainCostNanoUsd) Recorded { get; set; }

        public (long CostNanoUsd, long UncertainCostNanoUsd) Logged { get; set; }
    }
}
