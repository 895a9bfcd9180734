using Azure.Data.Tables;
using ServerlessAi.Accounts;

namespace ServerlessAi.Tests.Simulation;

/// <summary>All rows of one account as storage has them, and what must hold of them whatever happened on the way.</summary>
internal sealed class MoneyAudit
{
    private readonly List<string> violations = [];
    private readonly string accountId;
    private readonly AccountState state;
    private readonly TableEntity stateRow;
    private readonly List<LedgerEntry> ledger;
    private readonly List<UsageRecord> usage;
    private readonly Dictionary<string, HoldRecord> holds;
    private readonly Dictionary<string, OperationRecord> operations;
    private readonly Dictionary<string, DayUse> days;
    private readonly Dictionary<string, MonthUse> months;

    private MoneyAudit(string accountId, IReadOnlyList<TableEntity> rows)
    {
        this.accountId = accountId;
        stateRow = rows.Single(row => string.Equals(row.RowKey, AccountRows.StateKey, StringComparison.Ordinal));
        state = AccountRows.ToState(stateRow);
        // Ascending keys are descending sequence numbers.
        ledger = [.. Of("entry|").Select(AccountRows.ToEntry).Reverse()];
        usage = [.. Of("use|").Select(AccountRows.ToUsage)];
        holds = Of("hold|").Select(AccountRows.ToHold).ToDictionary(record => record.Hold.OperationId, StringComparer.Ordinal);
        operations = Of("op|").Select(AccountRows.ToOperation).ToDictionary(record => record.OperationId, StringComparer.Ordinal);
        days = Of("day|").Select(Body<DayUse>).ToDictionary(day => day.Day, StringComparer.Ordinal);
        months = Of("month|").Select(Body<MonthUse>).ToDictionary(month => month.Month, StringComparer.Ordinal);

        IEnumerable<TableEntity> Of(string prefix) => rows.Where(row => row.RowKey.StartsWith(prefix, StringComparison.Ordinal));

        static T Body<T>(TableEntity row) => ServerlessAi.Storage.StoredJson.Read<T>(row.GetString("Body"));
    }

    /// <returns>What does not hold; empty when all is well.</returns>
    public static async Task<IReadOnlyList<string>> CheckAsync(TableClient table, string accountId, IEnumerable<Answered> answers)
    {
        var partition = AccountRows.Partition(accountId);
        var audit = new MoneyAudit(accountId, await table.QueryAsync<TableEntity>(row => row.PartitionKey == partition).ToListAsync());
        audit.CheckLedger();
        audit.CheckHolds();
        audit.CheckRollUps();
        audit.CheckSigns();
        var own = answers.Where(answer => string.Equals(answer.AccountId, accountId, StringComparison.Ordinal)).ToList();
        foreach (var answer in own)
        {
            audit.CheckAnswer(answer, own);
        }

        return audit.violations;
    }

    private void CheckLedger()
    {
        Expect(ledger.Select(entry => entry.Sequence).SequenceEqual(Enumerable.Range(1, ledger.Count).Select(number => (long)number)), "the ledger is numbered without gaps");
        Expect(state.Sequence == ledger.Count, $"the state's sequence {state.Sequence} is the ledger's {ledger.Count}");
        var balance = 0L;
        foreach (var entry in ledger)
        {
            balance += entry.AmountMicro;
            Expect(entry.BalanceMicro == balance, $"entry {entry.Sequence} says {entry.BalanceMicro}, the ledger up to it {balance}");
            Expect(entry.Parts.Sum(part => part.Micro) == entry.AmountMicro, $"the parts of entry {entry.Sequence} add up to it");
            Expect(entry.BalanceMicro >= 0, $"entry {entry.Sequence} leaves no debt");
        }

        var owned = state.Grants.Sum(grant => grant.RemainingMicro) + state.Holds.Sum(hold => hold.HeldMicro);
        Expect(owned == balance, $"remaining and held make {owned}, the ledger {balance}");
        Expect(stateRow.GetInt64("BalanceMicro") == balance, $"the state row says {stateRow.GetInt64("BalanceMicro")}, the ledger {balance}");
        foreach (var (id, record) in operations)
        {
            var entries = ledger.Where(entry => Concerns(entry, id) && MovedByOperation(entry)).ToList();
            Expect(entries is [{ } only] && only.Sequence == record.Sequence && only.AmountMicro == record.AmountMicro, $"{id} moved credits once, as recorded");
        }

        foreach (var entry in ledger.Where(MovedByOperation))
        {
            Expect(operations.ContainsKey(entry.OperationId), $"entry {entry.Sequence} has its record {entry.OperationId}");
        }
    }

    private void CheckHolds()
    {
        var open = state.Holds.Select(hold => hold.OperationId).ToHashSet(StringComparer.Ordinal);
        Expect(open.Count == state.Holds.Length && open.IsSubsetOf(holds.Keys), "every open hold is there once and has its row");
        foreach (var (id, record) in holds)
        {
            Expect(record.Status == HoldStatus.Open == open.Contains(id), $"hold {id} is {record.Status}, and {(open.Contains(id) ? "" : "not ")}open in the state");
            Expect(record.EndedAt is null == (record.Status == HoldStatus.Open), $"hold {id} has an end exactly when it ended");
            var charges = ledger.Where(entry => entry.Kind == EntryKind.Charge && Concerns(entry, id)).ToList();
            Expect(charges.Count <= 1, $"{id} was charged {charges.Count} times");
            Expect(-charges.Sum(charge => charge.AmountMicro) == record.ChargedMicro, $"{id} was charged what its row says");
            var ends = usage.Where(line => string.Equals(line.OperationId, id, StringComparison.Ordinal)).ToList();
            Expect(ends.Count(line => line.Event is UsageEvents.Success) == (record.Status == HoldStatus.Settled ? 1 : 0), $"{id} is logged as a success once when it settled");
            var logged = (ends.Sum(line => line.CostNanoUsd), ends.Sum(line => line.UncertainCostNanoUsd));
            Expect(logged == (record.CostNanoUsd, record.UncertainCostNanoUsd), $"{id} cost what its lines say, corrections included");
            var lapses = ends.Count(line => line.Event is UsageEvents.Failed or UsageEvents.Expired);
            Expect(lapses == (record.Status is HoldStatus.Released or HoldStatus.Expired || record.Late ? 1 : 0), $"{id} is logged as lapsed {lapses} times");
        }

        foreach (var charge in ledger.Where(entry => entry.Kind == EntryKind.Charge))
        {
            Expect(holds.ContainsKey(charge.OperationId), $"charge {charge.Sequence} has its hold {charge.OperationId}");
        }
    }

    private void CheckRollUps()
    {
        foreach (var lines in usage.GroupBy(line => holds[line.OperationId].Hold.Day, StringComparer.Ordinal))
        {
            var day = days.GetValueOrDefault(lines.Key) ?? new DayUse(lines.Key);
            var sums = Sums(lines);
            Expect((day.Calls, day.Failures, day.ChargedMicro, day.CostNanoUsd, day.UncertainCostNanoUsd, day.TokensUsed) == sums, $"day {lines.Key} is {day}, its usage {sums}");
            Expect(day.FreeImagesUsed == lines.Sum(line => line.FreeImages), $"day {lines.Key} used its free images");
        }

        foreach (var lines in usage.GroupBy(line => holds[line.OperationId].Hold.Month, StringComparer.Ordinal))
        {
            var month = months.GetValueOrDefault(lines.Key) ?? new MonthUse(lines.Key);
            var sums = Sums(lines);
            Expect((month.Calls, month.Failures, month.ChargedMicro, month.CostNanoUsd, month.UncertainCostNanoUsd, month.Tokens) == sums, $"month {lines.Key} is {month}, its usage {sums}");
            Expect(month.Providers.Values.Sum(use => use.Calls) == month.Calls, $"the providers of month {lines.Key} make its calls");
        }

        Expect(days.Keys.All(day => holds.Values.Any(hold => string.Equals(hold.Hold.Day, day, StringComparison.Ordinal))), "every day's row comes from a hold");
        foreach (var day in state.Days)
        {
            var held = state.Holds.Where(hold => string.Equals(hold.Day, day.Day, StringComparison.Ordinal)).ToList();
            Expect((day.TokensHeld, day.FreeImagesHeld) == (held.Sum(hold => hold.Tokens), held.Sum(hold => hold.FreeImages)), $"day {day.Day} holds what its holds hold");
        }

        foreach (var month in state.Months)
        {
            var held = state.Holds.Where(hold => string.Equals(hold.Month, month.Month, StringComparison.Ordinal)).Sum(hold => hold.CostNanoUsd);
            Expect(month.CostHeldNanoUsd == held, $"month {month.Month} holds what its holds hold");
        }
    }

    private void CheckSigns()
    {
        Expect(state.Grants.All(grant => grant.RemainingMicro >= 0), "no grant is overdrawn");
        Expect(state.Holds.All(hold => hold.Allocations.All(part => part.Micro > 0)), "holds hold something of what they name");
        Expect(state.Days.All(day => day is { FreeImagesHeld: >= 0, FreeImagesUsed: >= 0, TokensHeld: >= 0, TokensUsed: >= 0 }), "no day is negative");
        Expect(state.Months.All(month => month.CostHeldNanoUsd >= 0 && month.UncertainCostNanoUsd >= 0 && month.CostNanoUsd >= month.UncertainCostNanoUsd), "no month is negative");
        Expect(state.Days.All(day => day.UncertainCostNanoUsd >= 0 && day.CostNanoUsd >= day.UncertainCostNanoUsd), "no day assumes more than it counts");
        Expect(holds.Values.All(record => record is { ChargedMicro: >= 0, AbsorbedMicro: >= 0, UncertainCostNanoUsd: >= 0 }), "no hold's end is negative");
        Expect(holds.Values.All(record => record.CostNanoUsd >= record.UncertainCostNanoUsd), "no hold assumes more than it counts");
    }

    /// <summary>What a caller was told is what is stored, now that all is over.</summary>
    private void CheckAnswer(Answered answer, IReadOnlyList<Answered> all)
    {
        var id = answer.Command.OperationId;
        switch (answer)
        {
            case { Outcome: Admitted }:
                Expect(holds.ContainsKey(id), $"{id} was admitted and has its hold");
                break;
            case { Command: Reserve, Outcome: Refused }:
                Expect(!holds.ContainsKey(id), $"{id} was refused and holds nothing");
                break;
            case { Command: Settle, Outcome: Ended ended }:
                var record = holds.GetValueOrDefault(id);
                Expect(record?.Status == HoldStatus.Settled, $"{id} was said to be settled and is {record?.Status}");
                Expect(record?.ChargedMicro == ended.Record.ChargedMicro, $"{id} was said to cost {ended.Record.ChargedMicro} and cost {record?.ChargedMicro}");
                break;
            case { Outcome: Posted posted }:
                Expect(operations.GetValueOrDefault(id) == posted.Record, $"{id} was said to be posted as {posted.Record}");
                break;
            case { Command: Grant or Deduct, Outcome: Refused }:
                // Refused for want of credits and asked for again when they were there: then another answer says so.
                var isPosted = all.Any(other => other.Outcome is Posted && string.Equals(other.Command.OperationId, id, StringComparison.Ordinal));
                Expect(isPosted == operations.ContainsKey(id), $"{id} was refused and moved nothing");
                break;
        }
    }

    private static (int Calls, int Failures, long ChargedMicro, long CostNanoUsd, long UncertainNanoUsd, long Tokens) Sums(IGrouping<string, UsageRecord> lines) => (
        lines.Count(line => line.Event is UsageEvents.Success),
        lines.Count(line => line.Event is UsageEvents.Failed or UsageEvents.Expired),
        lines.Sum(line => line.ChargedMicro),
        lines.Sum(line => line.CostNanoUsd),
        lines.Sum(line => line.UncertainCostNanoUsd),
        lines.Where(line => line.Event is UsageEvents.Success).Sum(line => line.Facts?.Tokens ?? 0));

    // Expiry names the grant's operation too, but is not it.
    private static bool MovedByOperation(LedgerEntry entry) => entry.Kind is EntryKind.Grant or EntryKind.Purchase or EntryKind.Deduct;

    private static bool Concerns(LedgerEntry entry, string operationId) => string.Equals(entry.OperationId, operationId, StringComparison.Ordinal);

    private void Expect(bool holdsTrue, string what)
    {
        if (!holdsTrue)
        {
            violations.Add($"{accountId}: violated: {what}");
        }
    }
}
