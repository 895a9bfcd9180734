using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ServerlessAi.Accounts.Auditing;

/// <summary>
/// Agreement in six numbers, however many operations there are and in whatever order their rows come. Each amount is multiplied by a hash of its
/// operation's id and added on one side, taken away on the other: where every operation has the same total on both sides, nothing is left. That
/// something is left to nothing by chance is less likely than 1 in 2^64.
/// </summary>
internal sealed class OperationSums : IOperationBooks
{
    private UInt128 charges;
    private UInt128 chargeCounts;
    private UInt128 costs;
    private UInt128 uncertainCosts;
    private UInt128 successes;
    private UInt128 changes;

    public void Add(LedgerEntry entry)
    {
        if (entry.Kind == EntryKind.Charge)
        {
            var key = KeyOf(entry.OperationId);
            charges += Times(key, -entry.AmountMicro);
            chargeCounts += key;
        }
        else if (Bookings.IsChange(entry))
        {
            changes += KeyOf(entry.OperationId, entry.Sequence, entry.AmountMicro);
        }
    }

    public void Add(HoldRecord record)
    {
        var key = KeyOf(record.Hold.OperationId);
        charges -= Times(key, record.ChargedMicro);
        chargeCounts -= record.ChargedMicro == 0 ? 0 : key;
        costs -= Times(key, record.CostNanoUsd);
        uncertainCosts -= Times(key, record.UncertainCostNanoUsd);
        successes -= record.Status == HoldStatus.Settled ? key : 0;
    }

    public void Add(UsageRecord line)
    {
        if (!Bookings.IsPaid(line))
        {
            return;
        }

        var key = KeyOf(line.OperationId);
        costs += Times(key, line.CostNanoUsd);
        uncertainCosts += Times(key, line.UncertainCostNanoUsd);
        successes += Bookings.IsSuccess(line) ? key : 0;
    }

    public void Add(OperationRecord operation) => changes -= Bookings.HasEntry(operation) ? KeyOf(operation.OperationId, operation.Sequence, operation.AmountMicro) : 0;

    public void Close(Findings findings)
    {
        if ((charges | chargeCounts | costs | uncertainCosts | successes | changes) != 0)
        {
            findings.Add("Ledger, holds and usage log differ.");
        }
    }

    // Wraps around, as it should: a negative amount is one that the other side has more of.
    private static UInt128 Times(UInt128 key, long amount) => unchecked(key * (UInt128)(Int128)amount);

    private static UInt128 KeyOf(string operationId, long sequence, long amount) => KeyOf(string.Create(CultureInfo.InvariantCulture, $"{sequence}|{amount}|{operationId}"));

    private static UInt128 KeyOf(string text) => BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
