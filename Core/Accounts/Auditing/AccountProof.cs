using System.Collections.Immutable;

namespace ServerlessAi.Accounts.Auditing;

/// <summary>What auditing one account found. Amounts in micro-credits and nano-USD.</summary>
/// <param name="Problems">Each a sentence; none means that every credit is accounted for.</param>
public sealed record AccountProof(string AccountId, ImmutableArray<string> Problems)
{
    public long Entries { get; init; }

    public long GrantedMicro { get; init; }

    public long PurchasedMicro { get; init; }

    public long ChargedMicro { get; init; }

    public long DeductedMicro { get; init; }

    public long ExpiredMicro { get; init; }

    public long BalanceMicro { get; init; }

    public long HeldMicro { get; init; }

    public long AbsorbedMicro { get; init; }

    public long CostNanoUsd { get; init; }

    public long UncertainCostNanoUsd { get; init; }

    public int OpenHolds { get; init; }
}

/// <summary>Replays an account's ledger and compares everything that should agree. Pure.</summary>
internal static class Prover
{
    public static AccountProof Prove(string accountId, AccountRowsRead rows)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        if (rows.State is not { } state)
        {
            return new AccountProof(accountId, rows.Entries.Count + rows.Holds.Count > 0 ? ["The account has a ledger or holds, but no state."] : []);
        }

        CheckLedger(state, rows, problems);
        CheckHolds(state, rows, problems);
        CheckCharges(rows, problems);
        CheckCosts(rows, problems);
        CheckRollUps(rows, problems);
        return new AccountProof(accountId, problems.ToImmutable())
        {
            Entries = rows.Entries.Count,
            GrantedMicro = Sum(rows, EntryKind.Grant),
            PurchasedMicro = Sum(rows, EntryKind.Purchase),
            ChargedMicro = -Sum(rows, EntryKind.Charge),
            DeductedMicro = -Sum(rows, EntryKind.Deduct),
            ExpiredMicro = -Sum(rows, EntryKind.Expire),
            BalanceMicro = state.BalanceMicro,
            HeldMicro = state.HeldMicro,
            AbsorbedMicro = rows.Holds.Sum(record => record.AbsorbedMicro),
            CostNanoUsd = rows.Holds.Sum(record => record.CostNanoUsd),
            UncertainCostNanoUsd = rows.Holds.Sum(record => record.UncertainCostNanoUsd),
            OpenHolds = state.Holds.Length,
        };
    }

    private static void CheckLedger(AccountState state, AccountRowsRead rows, ImmutableArray<string>.Builder problems)
    {
        var balance = 0L;
        for (var i = 0; i < rows.Entries.Count; i++)
        {
            var entry = rows.Entries[i];
            balance += entry.AmountMicro;
            Check(entry.Sequence == i + 1, problems, $"Entry {entry.Sequence} stands at place {i + 1} of the ledger.");
            Check(entry.BalanceMicro == balance, problems, $"Entry {entry.Sequence} says {entry.BalanceMicro}, the replay {balance}.");
            Check(entry.Parts.Sum(part => part.Micro) == entry.AmountMicro, problems, $"The parts of entry {entry.Sequence} do not add up to it.");
        }

        Check(state.Sequence == rows.Entries.Count, problems, $"The state counts {state.Sequence} entries, the ledger has {rows.Entries.Count}.");
        Check(state.BalanceMicro == balance, problems, $"The state holds {state.BalanceMicro}, the ledger adds up to {balance}.");
        Check(state.Grants.All(grant => grant.RemainingMicro >= 0), problems, "A grant is negative.");
    }

    private static void CheckHolds(AccountState state, AccountRowsRead rows, ImmutableArray<string>.Builder problems)
    {
        var open = state.Holds.Select(hold => hold.OperationId).ToHashSet(StringComparer.Ordinal);
        foreach (var record in rows.Holds)
        {
            var isOpen = open.Remove(record.Hold.OperationId);
            Check(isOpen == (record.Status == HoldStatus.Open), problems, $"Hold {record.Hold.OperationId} is {record.Status} in its row, and {(isOpen ? "" : "not ")}in the state.");
        }

        Check(open.Count == 0, problems, $"{open.Count} open holds have no row.");
        foreach (var month in state.Months)
        {
            var held = state.Holds.Where(hold => string.Equals(hold.Month, month.Month, StringComparison.Ordinal)).Sum(hold => hold.CostNanoUsd);
            Check(month.CostHeldNanoUsd == held, problems, $"Month {month.Month} holds {month.CostHeldNanoUsd} of cost, its open holds {held}.");
        }
    }

    private static void CheckCharges(AccountRowsRead rows, ImmutableArray<string>.Builder problems)
    {
        var charges = rows.Entries.Where(entry => entry.Kind == EntryKind.Charge).ToLookup(entry => entry.OperationId, entry => -entry.AmountMicro, StringComparer.Ordinal);
        foreach (var operation in charges.Where(operation => operation.Count() > 1))
        {
            problems.Add($"Operation {operation.Key} was charged {operation.Count()} times.");
        }

        foreach (var record in rows.Holds)
        {
            var charged = charges[record.Hold.OperationId].Sum();
            Check(charged == record.ChargedMicro, problems, $"Hold {record.Hold.OperationId} says {record.ChargedMicro} charged, the ledger {charged}.");
        }

        var known = rows.Holds.Select(record => record.Hold.OperationId).ToHashSet(StringComparer.Ordinal);
        Check(charges.All(charge => known.Contains(charge.Key)), problems, "A charge belongs to no hold.");
        var served = rows.Usage.Where(line => line.Event is UsageEvents.Success).Select(line => line.OperationId).ToHashSet(StringComparer.Ordinal);
        var settled = rows.Holds.Where(record => record.Status == HoldStatus.Settled).Select(record => record.Hold.OperationId);
        Check(served.SetEquals(settled), problems, "Settled holds and the successes in the usage log differ.");
        // Without its own row a grant that is repeated would not be recognised.
        var operations = rows.Operations.Select(operation => (operation.Sequence, operation.AmountMicro)).ToHashSet();
        var posted = rows.Entries.Where(entry => entry.Kind is EntryKind.Grant or EntryKind.Purchase or EntryKind.Deduct).Select(entry => (entry.Sequence, entry.AmountMicro));
        Check(operations.SetEquals(posted), problems, "Grants and deductions in the ledger and their own rows differ.");
    }

    // What an operation cost is what its lines add up to, corrections of assumed costs included.
    private static void CheckCosts(AccountRowsRead rows, ImmutableArray<string>.Builder problems)
    {
        var lines = Paid(rows).ToLookup(line => line.OperationId, StringComparer.Ordinal);
        foreach (var record in rows.Holds)
        {
            var logged = (lines[record.Hold.OperationId].Sum(line => line.CostNanoUsd), lines[record.Hold.OperationId].Sum(line => line.UncertainCostNanoUsd));
            var recorded = (record.CostNanoUsd, record.UncertainCostNanoUsd);
            Check(logged == recorded, problems, $"Hold {record.Hold.OperationId} says {recorded} of cost and assumed cost, the usage log {logged}.");
        }
    }

    private static void CheckRollUps(AccountRowsRead rows, ImmutableArray<string>.Builder problems)
    {
        var successes = rows.Usage.Where(line => line.Event is UsageEvents.Success).ToList();
        var expected = (
            (long)successes.Count, successes.Sum(line => line.ChargedMicro), Paid(rows).Sum(line => line.CostNanoUsd), Paid(rows).Sum(line => line.UncertainCostNanoUsd));
        var days = (
            rows.Days.Sum(day => (long)day.Calls), rows.Days.Sum(day => day.ChargedMicro), rows.Days.Sum(day => day.CostNanoUsd), rows.Days.Sum(day => day.UncertainCostNanoUsd));
        var months = (
            rows.Months.Sum(month => (long)month.Calls), rows.Months.Sum(month => month.ChargedMicro), rows.Months.Sum(month => month.CostNanoUsd),
            rows.Months.Sum(month => month.UncertainCostNanoUsd));
        Check(days == expected, problems, $"Days count {days} of calls, charges, cost and assumed cost, the usage log {expected}.");
        Check(months == expected, problems, $"Months count {months} of calls, charges, cost and assumed cost, the usage log {expected}.");
    }

    private static IEnumerable<UsageRecord> Paid(AccountRowsRead rows) =>
        rows.Usage.Where(line => line.Event is UsageEvents.Success or UsageEvents.Failed or UsageEvents.Expired or UsageEvents.CostCorrected);

    private static long Sum(AccountRowsRead rows, EntryKind kind) => rows.Entries.Where(entry => entry.Kind == kind).Sum(entry => entry.AmountMicro);

    private static void Check(bool holds, ImmutableArray<string>.Builder problems, string problem)
    {
        if (!holds)
        {
            problems.Add(problem);
        }
    }
}
