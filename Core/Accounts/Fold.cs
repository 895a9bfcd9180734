using Azure;
using Azure.Data.Tables;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Accounts.Subscriptions;

namespace ServerlessAi.Accounts;

/// <summary>Several decisions of one account folded into the rows of one transaction.</summary>
internal sealed class Fold(Snapshot before)
{
    private const int TransactionRowsLimit = 100;

    // A transaction has at most 4 MiB as sent, where escaping can make four characters of one; the other rows need at most half of that.
    private const int PayloadCharsLimit = 500_000;

    private readonly List<LedgerEntry> entries = [];
    private readonly List<UsageRecord> usage = [];
    private readonly List<OperationRecord> operations = [];
    private readonly List<ImageRecord> images = [];
    private readonly List<ImageRecord> joined = [];
    private readonly List<RemovedImage> removed = [];
    private readonly HashSet<string> pictured = new(StringComparer.Ordinal);
    private readonly List<AlertRecord> alerts = [];
    private readonly List<SubscriptionEvent> plans = [];
    private readonly List<Bill> bills = [];
    private readonly List<Decision> counted = [];
    private readonly Dictionary<string, ClaimRecord> claims = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HoldRecord> holds = new(StringComparer.Ordinal);
    private readonly HashSet<string> newHolds = new(StringComparer.Ordinal);

    public AccountState State { get; private set; } = before.State;

    /// <summary>The account's reports as this fold leaves them.</summary>
    public Tallies Tallies { get; } = Begun(before.Tallies);

    /// <summary>Decisions that reports count something of.</summary>
    public IReadOnlyList<Decision> Counted => counted;

    public bool HasWrites { get; private set; }

    // The account, the days and months it keeps, and what the decisions add.
    private int Rows => 1 + State.Days.Length + State.Months.Length + entries.Count + usage.Count + operations.Count + claims.Count + holds.Count + images.Count + 2 * (joined.Count + removed.Count + alerts.Count) + plans.Count
        + bills.Count + Tallies.ChangedRows;

    /// <summary>What its account's owner should be told.</summary>
    public IReadOnlyList<AlertRecord> Alerts => alerts;

    /// <summary>Writes the state even unchanged: whatever was sent before with its old tag can no longer arrive.</summary>
    public void Fence() => HasWrites = true;

    /// <summary>A hold's record as this fold leaves it; storage does not show it yet.</summary>
    public HoldRecord? FindHold(string operationId) => holds.GetValueOrDefault(operationId);

    /// <summary>Who owns an idempotency key as this fold leaves it.</summary>
    public ClaimRecord? FindClaim(string keyHash) => claims.GetValueOrDefault(keyHash);

    /// <summary>A grant or deduction that this fold already carries out.</summary>
    public OperationRecord? FindOperation(string operationId) =>
        operations.Find(operation => string.Equals(operation.OperationId, operationId, StringComparison.Ordinal));

    /// <summary>Takes a decision in; false when its rows no longer fit and it must go into the next transaction.</summary>
    public bool TryAdd(Decision decision, bool keepsState)
    {
        var more = decision.Entries.Length + decision.Usage.Length + decision.Operations.Length + decision.Claims.Length + decision.Holds.Length + decision.Images.Length
            + 2 * (decision.Joined.Length + decision.Removed.Length + decision.Alerts.Length) + decision.Plans.Length + Tallies.RowsOf(decision);
        if (more == 0 && !keepsState)
        {
            return true;
        }

        var morePeriods = Math.Max(0, decision.State.Days.Length + decision.State.Months.Length - State.Days.Length - State.Months.Length);
        if (HasWrites && (Rows + more + morePeriods > TransactionRowsLimit || PayloadChars(claims.Values) + PayloadChars(decision.Claims) > PayloadCharsLimit))
        {
            return false;
        }

        if (!ImagesOf(decision).All(pictured.Add))
        {
            // A transaction changes a row once. What was found out of the image does not know of this fold, either.
            return false;
        }

        State = decision.State;
        HasWrites = true;
        entries.AddRange(decision.Entries);
        usage.AddRange(decision.Usage);
        operations.AddRange(decision.Operations);
        images.AddRange(decision.Images);
        joined.AddRange(decision.Joined);
        removed.AddRange(decision.Removed);
        alerts.AddRange(decision.Alerts);
        plans.AddRange(decision.Plans);
        bills.AddRange(decision.Bills);
        Tallies.Count(decision);
        if (Tallies.RowsOf(decision) > 0)
        {
            counted.Add(decision);
        }

        foreach (var claim in decision.Claims)
        {
            claims[claim.Claim.KeyHash] = claim;
        }

        foreach (var record in decision.Holds)
        {
            if (record.Status == HoldStatus.Open)
            {
                newHolds.Add(record.Hold.OperationId);
            }

            holds[record.Hold.OperationId] = record;
        }

        return true;
    }

    /// <summary>What this fold adds to the cost and calls of months, for months in which it changes them.</summary>
    public IEnumerable<(string Month, long CostNanoUsd, long Calls)> Spent() => State.Months
        .Select(month => (After: month, Before: before.State.Months.FirstOrDefault(earlier => string.Equals(earlier.Month, month.Month, StringComparison.Ordinal), MonthUse.None)))
        .Select(pair => (pair.After.Month, CostNanoUsd: pair.After.CostNanoUsd - pair.Before.CostNanoUsd, Calls: (long)pair.After.Calls - pair.Before.Calls))
        .Where(spent => spent.CostNanoUsd != 0 || spent.Calls != 0);

    public IReadOnlyList<TableTransactionAction> ToActions()
    {
        var partition = AccountRows.Partition(State.AccountId);
        var row = AccountRows.ToEntity(State);
        List<TableTransactionAction> actions =
        [
            before.ETag is { } tag
                ? new TableTransactionAction(TableTransactionActionType.UpdateReplace, row, tag)
                : new TableTransactionAction(TableTransactionActionType.Add, row),
        ];
        actions.AddRange(holds.Values.Select(record => Hold(partition, record)));
        actions.AddRange(entries.Select(entry => Add(AccountRows.ToEntity(partition, entry))));
        actions.AddRange(usage.Select(line => Add(AccountRows.ToEntity(partition, line))));
        actions.AddRange(operations.Select(operation => Add(AccountRows.ToEntity(partition, operation))));
        // Merged: the account may have it from the cache already, and have selected it.
        actions.AddRange(images.Select(image => new TableTransactionAction(TableTransactionActionType.UpsertMerge, GalleryRows.ToEntity(partition, image))));
        actions.AddRange(joined.SelectMany(image => GalleryRows.ToEntities(partition, image)).Select(Add));
        actions.AddRange(removed.SelectMany(image => GalleryRows.KeysOf(image)).Select(key => new TableTransactionAction(TableTransactionActionType.Delete, new TableEntity(partition, key), ETag.All)));
        actions.AddRange(claims.Values.Select(claim => Replace(AccountRows.ToEntity(partition, claim))));
        actions.AddRange(alerts.SelectMany(alert => AlertRows.ToEntities(partition, alert)).Select(Add));
        actions.AddRange(plans.Select(change => Add(AccountRows.ToEntity(partition, change))));
        actions.AddRange(ChangedDays().Select(day => Replace(AccountRows.ToEntity(partition, day))));
        actions.AddRange(ChangedMonths().Select(month => Replace(AccountRows.ToEntity(partition, month))));
        actions.AddRange(Tallies.ChangedMonths.Select(report => Replace(ReportRows.ToEntity(partition, report))));
        actions.AddRange(bills.Select(bill => Add(ReportRows.ToEntity(partition, bill))));
        actions.AddRange(Tallies.ChangedChats.Select(chat => Replace(ReportRows.ToEntity(partition, chat))));
        return actions;
    }

    private static Tallies Begun(Tallies tallies)
    {
        tallies.Begin();
        return tallies;
    }

    private static IEnumerable<string> ImagesOf(Decision decision) =>
        decision.Images.Concat(decision.Joined).Select(image => image.Id).Concat(decision.Removed.Select(image => image.Id));

    private static int PayloadChars(IEnumerable<ClaimRecord> claims) => claims.Sum(claim => claim.Payload?.Length ?? 0);

    // A roll-up row repeats what was used, not what is held for the moment; holding alone does not rewrite it.
    private IEnumerable<DayUse> ChangedDays() => State.Days.Select(Used).Except(before.State.Days.Select(Used))
        .Where(day => IsUsed(day) || before.State.Days.Any(known => string.Equals(known.Day, day.Day, StringComparison.Ordinal) && IsUsed(known)));

    private IEnumerable<MonthUse> ChangedMonths() => State.Months.Select(Used).Except(before.State.Months.Select(Used))
        .Where(month => IsUsed(month) || before.State.Months.Any(known => string.Equals(known.Month, month.Month, StringComparison.Ordinal) && IsUsed(known)));

    // A period that only takes up a correction of an older one counts as well: without its row the rows would not add up.
    private static bool IsUsed(DayUse day) => day.Calls + day.Failures > 0 || day.CostNanoUsd != 0 || day.UncertainCostNanoUsd != 0;

    private static bool IsUsed(MonthUse month) => month.Calls + month.Failures > 0 || month.CostNanoUsd != 0 || month.UncertainCostNanoUsd != 0;

    private static DayUse Used(DayUse day) => day with { FreeImagesHeld = 0, TokensHeld = 0 };

    private static MonthUse Used(MonthUse month) => month with { CostHeldNanoUsd = 0 };

    // If-Match * is safe here and only here: the account's row in the same transaction carries the condition.
    private TableTransactionAction Hold(string partition, HoldRecord record) => newHolds.Contains(record.Hold.OperationId)
        ? Add(AccountRows.ToEntity(partition, record))
        : new TableTransactionAction(TableTransactionActionType.UpdateReplace, AccountRows.ToEntity(partition, record), ETag.All);

    private static TableTransactionAction Add(TableEntity entity) => new(TableTransactionActionType.Add, entity);

    private static TableTransactionAction Replace(TableEntity entity) => new(TableTransactionActionType.UpsertReplace, entity);
}
