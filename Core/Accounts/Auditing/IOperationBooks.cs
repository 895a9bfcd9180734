namespace ServerlessAi.Accounts.Auditing;

/// <summary>
/// Compares what different rows say of the same operation: its charge in the ledger, its hold, its lines in the usage log, and the own row of a grant
/// or deduction. <see cref="OperationSums"/> says whether all agree, <see cref="OperationTallies"/> where they do not.
/// </summary>
internal interface IOperationBooks
{
    void Add(LedgerEntry entry);

    void Add(HoldRecord record);

    void Add(UsageRecord line);

    void Add(OperationRecord operation);

    void Close(Findings findings);
}

/// <summary>Which rows count for what.</summary>
internal static class Bookings
{
    /// <summary>The entry has a row of its own, without which a repetition would not be recognised.</summary>
    public static bool IsChange(LedgerEntry entry) => entry.Kind is not (EntryKind.Charge or EntryKind.Expire);

    /// <summary>The row belongs to an entry of the ledger; otherwise what was done moved no credits.</summary>
    public static bool HasEntry(OperationRecord operation) => operation.Sequence > 0;

    /// <summary>The line counts for what an operation cost us, corrections of assumed costs included.</summary>
    public static bool IsPaid(UsageRecord line) => line.Event is UsageEvents.Success or UsageEvents.Failed or UsageEvents.Expired or UsageEvents.CostCorrected;

    public static bool IsSuccess(UsageRecord line) => line.Event is UsageEvents.Success;
}
