using System.Text.Json;
using Azure.Data.Tables;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts.Auditing;

/// <summary>
/// Replays one account from its rows, in one pass in the order of their keys, and compares everything that should agree. Between rows it holds the
/// account's state, one ledger entry and sums; what the books of its operations hold besides is said there.
/// </summary>
internal sealed class AccountReplay
{
    private readonly IOperationBooks operations;
    private readonly Findings findings = new();
    private readonly HashSet<string> openHolds = new(StringComparer.Ordinal);
    private readonly LedgerReplay ledger;
    private readonly RollUpSums rollUps;
    private AccountState? state;
    private int unreadable;
    private int holds;
    private int images;
    private long absorbedMicro;
    private long costNanoUsd;
    private long uncertainCostNanoUsd;

    public AccountReplay(string partition, IOperationBooks operations)
    {
        Partition = partition;
        this.operations = operations;
        ledger = new LedgerReplay(findings);
        rollUps = new RollUpSums(findings);
    }

    public string Partition { get; }

    /// <summary>Whether there is anything to prove: not in what is being erased, which counts under its new name as soon as that is complete; cache hits and refusals alone leave lines of a log, and no account.</summary>
    public bool IsAccount => state is { IsErased: false } || (state is null && !ErasedAccounts.Has(Partition) && unreadable + holds + ledger.Count > 0);

    /// <summary>Takes the next row in; the row of the state comes before all others by its key.</summary>
    public void Add(TableEntity row)
    {
        try
        {
            AddReadable(row);
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException or InvalidOperationException or ArgumentNullException)
        {
            // Not what the app wrote, or a property of another type, or none: one account's trouble, which must not keep the others from being proved.
            findings.Add($"The row {row.RowKey} cannot be read.");
            unreadable++;
        }
    }

    public AccountProof Finish()
    {
        if (state is null)
        {
            return WithoutState();
        }

        ledger.Close(state);
        CheckState(state);
        operations.Close(findings);
        rollUps.Close();
        return new AccountProof(state.AccountId, findings.ToImmutable())
        {
            Entries = ledger.Count,
            GrantedMicro = ledger.SumOf(EntryKind.Grant),
            PurchasedMicro = ledger.SumOf(EntryKind.Purchase),
            ChargedMicro = -ledger.SumOf(EntryKind.Charge),
            DeductedMicro = -ledger.SumOf(EntryKind.Deduct),
            ExpiredMicro = -ledger.SumOf(EntryKind.Expire),
            RefundedMicro = -ledger.SumOf(EntryKind.Refund),
            GiftedInMicro = ledger.SumOf(EntryKind.GiftIn),
            GiftedOutMicro = -ledger.SumOf(EntryKind.GiftOut),
            BalanceMicro = state.BalanceMicro,
            HeldMicro = state.HeldMicro,
            AbsorbedMicro = absorbedMicro,
            CostNanoUsd = costNanoUsd,
            UncertainCostNanoUsd = uncertainCostNanoUsd,
            OpenHolds = state.Holds.Length,
            Months = [.. rollUps.NewestMonths],
        };
    }

    private void AddReadable(TableEntity row)
    {
        switch (row.RowKey.Split('|', 2)[0])
        {
            case AccountRows.StateKey:
                state = AccountRows.ToState(row);
                openHolds.UnionWith(state.Holds.Select(hold => hold.OperationId));
                break;
            case "entry":
                var entry = AccountRows.ToEntry(row);
                ledger.Add(entry);
                operations.Add(entry);
                break;
            case "hold":
                Add(AccountRows.ToHold(row));
                break;
            case "image":
                images++;
                break;
            case "use":
                var line = AccountRows.ToUsage(row);
                rollUps.Add(line);
                operations.Add(line);
                break;
            case "op":
                var operation = AccountRows.ToOperation(row);
                operations.Add(operation);
                rollUps.Add(operation);
                break;
            case "bill":
                rollUps.AddBilled(ReportRows.ToBill(row).Income);
                break;
            case "plan":
                rollUps.AddBilled(AccountRows.ToPlanEvent(row).Income);
                break;
            case "day":
                rollUps.Add(AccountRows.ToDay(row));
                break;
            case "month":
                rollUps.Add(AccountRows.ToMonth(row));
                break;
            case "report":
                rollUps.Add(ReportRows.ToMonth(row));
                break;
            case "chat":
                rollUps.Add(ReportRows.ToChat(row));
                break;
        }
    }

    private void Add(HoldRecord record)
    {
        holds++;
        absorbedMicro += record.AbsorbedMicro;
        costNanoUsd += record.CostNanoUsd;
        uncertainCostNanoUsd += record.UncertainCostNanoUsd;
        operations.Add(record);
        var isOpen = openHolds.Remove(record.Hold.OperationId);
        if (isOpen != (record.Status == HoldStatus.Open))
        {
            findings.Add($"Hold {record.Hold.OperationId} is {record.Status} in its row, and {(isOpen ? "" : "not ")}in the state.");
        }
    }

    private AccountProof WithoutState()
    {
        // Otherwise the state may be the row that cannot be read.
        if (unreadable == 0 && holds + ledger.Count > 0)
        {
            findings.Add("The account has a ledger or holds, but no state.");
        }

        return new AccountProof(Partition, findings.ToImmutable());
    }

    private void CheckState(AccountState known)
    {
        if (known.Grants.Any(grant => grant.RemainingMicro < 0))
        {
            findings.Add("A grant is negative.");
        }

        if (openHolds.Count > 0)
        {
            findings.Add($"{openHolds.Count} open holds have no row.");
        }

        // Of a closed account the gallery goes first, and its numbers alone are copied.
        if (known.ClosedAt is null && known.Images != images)
        {
            findings.Add($"The state counts {known.Images} images, the gallery has {images}.");
        }

        foreach (var month in known.Months)
        {
            var held = known.Holds.Where(hold => string.Equals(hold.Month, month.Month, StringComparison.Ordinal)).Sum(hold => hold.CostNanoUsd);
            if (month.CostHeldNanoUsd != held)
            {
                findings.Add($"Month {month.Month} holds {month.CostHeldNanoUsd} of cost, its open holds {held}.");
            }
        }
    }
}
