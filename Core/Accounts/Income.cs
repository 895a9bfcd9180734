using System.Text.Json.Serialization;

namespace ServerlessAi.Accounts;

/// <summary>What was sold. The names are stored.</summary>
public enum IncomeKind
{
    /// <summary>Credits, chosen on a page.</summary>
    Packages = 0,

    /// <summary>First periods, further ones, and dearer plans.</summary>
    Plans = 1,

    /// <summary>Credits that were bought by themselves when the balance was low.</summary>
    TopUps = 2,
}

/// <summary>
/// Money that an operation of an account stands for. It goes with the command that fulfils an order or takes one back, into the operation's own row and the
/// month's report, in one transaction: it counts as often as that is carried out, which is once.
/// </summary>
/// <param name="Cents">Received; less than zero was given back, or taken by a payer's bank.</param>
/// <param name="Currency">ISO 4217, lower case.</param>
public sealed record Income(IncomeKind Kind, long Cents, string Currency)
{
    /// <summary>A payment, not one that came back after a dispute was won.</summary>
    public bool IsOrder { get; init; }

    [JsonIgnore]
    public long ReceivedCents => IsOrder ? Cents : 0;

    [JsonIgnore]
    public long RefundedCents => IsOrder ? 0 : -Cents;
}

/// <summary>One line of an account's billing history beside what happened to its plan: the row <c>bill|inverted ticks|inverted sequence</c>.</summary>
/// <param name="Kind"><see cref="EntryKind.Purchase"/> or <see cref="EntryKind.Refund"/>.</param>
/// <param name="AmountMicro">Credits that moved with it, signed; 0 when all was spent already, or there were none.</param>
/// <param name="Sequence">Of its ledger entry; 0 when no credits moved.</param>
public sealed record Bill(EntryKind Kind, string OperationId, DateTimeOffset At, long AmountMicro, long Sequence)
{
    public string? Reason { get; init; }

    /// <summary>Null: no order stands behind it, or it is from before money was counted.</summary>
    public Income? Income { get; init; }

    internal static Bill Of(LedgerEntry entry, IEnumerable<OperationRecord> operations) => new(entry.Kind, entry.OperationId, entry.At, entry.AmountMicro, entry.Sequence)
    {
        Reason = entry.Reason,
        Income = operations.FirstOrDefault(operation => operation.Sequence == entry.Sequence)?.Income,
    };

    internal static Bill Of(OperationRecord paid) => new(paid.Income!.Cents < 0 ? EntryKind.Refund : EntryKind.Purchase, paid.OperationId, paid.At, paid.AmountMicro, paid.Sequence)
    {
        Income = paid.Income,
    };
}
