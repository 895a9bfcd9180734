using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ServerlessAi.Accounts;

/// <summary>Why a balance changed. The names are stored.</summary>
public enum EntryKind
{
    Grant = 0,
    Purchase = 1,
    Charge = 2,
    Expire = 3,
    Deduct = 4,

    /// <summary>Purchased credits taken back because their price was.</summary>
    Refund = 5,

    GiftIn = 6,

    GiftOut = 7,
}

/// <summary>One line of the append-only ledger, the row <c>entry|inverted sequence</c>.</summary>
/// <param name="Sequence">1, 2, 3, ... without gaps in an account.</param>
/// <param name="AmountMicro">Signed: what it added to the balance.</param>
/// <param name="BalanceMicro">Available and held together, after this entry.</param>
/// <param name="Parts">The grants it moved; their signed amounts add up to <paramref name="AmountMicro"/>.</param>
public sealed record LedgerEntry(
    long Sequence, EntryKind Kind, long AmountMicro, long BalanceMicro, string OperationId, DateTimeOffset At, ImmutableArray<Allocation> Parts)
{
    /// <summary>The reason of credits that come back because a payer's dispute was decided for us.</summary>
    public const string DisputeWon = "dispute_won";

    public string? Reason { get; init; }

    /// <summary>Bought credits that were taken back, and have come back: not bought once more.</summary>
    [JsonIgnore]
    public bool IsReturn => Kind == EntryKind.Purchase && string.Equals(Reason, DisputeWon, StringComparison.Ordinal);

    /// <summary>For a charge: what it pays for.</summary>
    public UsageFacts? Usage { get; init; }

    /// <summary>For a charge: what the operation cost us, attempts with an unknown outcome included.</summary>
    public long CostNanoUsd { get; init; }

    /// <summary>For a refund: which credits were taken back; null for purchased ones.</summary>
    public GrantKind? From { get; init; }
}

/// <summary>What one call used, as far as billing and reporting care.</summary>
/// <param name="Source"><c>provider</c>, <c>partial</c> or <c>estimated</c>: who says so.</param>
public sealed record UsageFacts(string ModelSelected, string ModelServed, string Provider, string Tier, string Source)
{
    /// <summary>The <see cref="Source"/> of an answer that broke off.</summary>
    public const string Partial = "partial";

    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    public long CachedInputTokens { get; init; }

    public long ReasoningTokens { get; init; }

    public int Images { get; init; }

    public int Attempts { get; init; } = 1;

    public int ProviderMs { get; init; }

    /// <summary>Whether a picture was in the question; null when nobody has looked.</summary>
    public bool? HasPictures { get; init; }

    /// <summary>Whether the question offered tools; null when nobody has looked.</summary>
    public bool? HasTools { get; init; }

    public string? FallbackReason { get; init; }

    public string? ChatId { get; init; }

    /// <summary>Who stands behind the caller, as the caller names them; for reports only.</summary>
    public string? EndUser { get; init; }

    /// <summary>The caller's own labels, as JSON.</summary>
    public string? Metadata { get; init; }

    /// <summary>The answer broke off, and this is what was sent of it.</summary>
    [JsonIgnore]
    public bool IsPartial => string.Equals(Source, Partial, StringComparison.Ordinal);

    public long Tokens => InputTokens + OutputTokens;
}

/// <summary>Names of usage log events.</summary>
public static class UsageEvents
{
    public const string Success = "GEN_SUCCESS";
    public const string Failed = "GEN_FAILED";
    public const string Expired = "GEN_EXPIRED";
    public const string CostCorrected = "COST_CORRECTED";
    public const string CacheHit = "CACHE_HIT";
    public const string Downgraded = "DOWNGRADED";
    public const string Refused = "REFUSED";
}

/// <summary>One line of the usage log, the row <c>use|inverted ticks|operationId</c>.</summary>
public sealed record UsageRecord(string OperationId, string Event, WorkKind Kind, DateTimeOffset At, UsageFacts? Facts)
{
    public long ChargedMicro { get; init; }

    public long AbsorbedMicro { get; init; }

    /// <summary>What it adds to our cost; negative where an assumption turned out too high.</summary>
    public long CostNanoUsd { get; init; }

    /// <summary>The part of <see cref="CostNanoUsd"/> that is only assumed: nobody could say what the vendor did.</summary>
    public long UncertainCostNanoUsd { get; init; }

    /// <summary>1, 2: which correction of its operation this is; 0 for every other event. Part of the row's key.</summary>
    public int Correction { get; init; }

    public int FreeImages { get; init; }

    public int PriceVersion { get; init; }

    public string? Reason { get; init; }
}

/// <summary>The row <c>op|operationId</c>: what was carried out without a hold, so that a repeat is recognised.</summary>
/// <param name="Sequence">Its ledger entry; 0 when it moved no credits.</param>
public sealed record OperationRecord(string OperationId, long Sequence, long AmountMicro, long BalanceMicro, DateTimeOffset At)
{
    /// <summary>What a refund should have taken back besides, but was spent or held already.</summary>
    public long AbsorbedMicro { get; init; }

    /// <summary>The money that it stands for; null for none.</summary>
    public Income? Income { get; init; }
}
