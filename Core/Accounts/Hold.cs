using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ServerlessAi.Accounts;

/// <summary>What a hold pays for.</summary>
public enum WorkKind
{
    Text = 0,
    Image = 1,
    Search = 2,
    Embedding = 3,
}

/// <summary>How a hold ended; every hold ends in exactly one of these but may be settled late after it expired.</summary>
public enum HoldStatus
{
    Open = 0,
    Settled = 1,
    Released = 2,
    Expired = 3,
}

/// <summary>Credits, a free unit, tokens and cost set aside for one operation until it settles, is released, or expires.</summary>
public sealed record Hold
{
    public required string OperationId { get; init; }

    public required WorkKind Kind { get; init; }

    public required DateTimeOffset ReservedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public ImmutableArray<Allocation> Allocations { get; init; } = [];

    public int FreeImages { get; init; }

    public long Tokens { get; init; }

    public long CostNanoUsd { get; init; }

    /// <summary>Periods are decided when reserving; the hold settles into them whenever it ends.</summary>
    public required string Day { get; init; }

    public required string Month { get; init; }

    /// <summary>Which of the offers was admitted, by its place in the command.</summary>
    public int OfferIndex { get; init; }

    /// <summary>Output tokens the call may use, after clamping to what is affordable; 0 for images.</summary>
    public int OutputTokens { get; init; }

    public bool Clamped { get; init; }

    /// <summary>Why a cheaper tier was taken: <c>monthly_cap</c> or <c>platform_budget</c>; null when it was not.</summary>
    public string? DowngradeReason { get; init; }

    public required string ModelId { get; init; }

    public int PriceVersion { get; init; }

    /// <summary>Whose limits of the plan it counts against; null from before there were such limits.</summary>
    public string? Provider { get; init; }

    /// <summary>Which member of a shared account spends it, by the handle, not the name; null where there are no members.</summary>
    public string? Member { get; init; }

    /// <summary>The limits it was admitted under, by which alerts are raised; null when there are none.</summary>
    public MeterLimits? Limits { get; init; }

    /// <summary>Its image is in the gallery already: it came back from the cache before the hold ended.</summary>
    public bool HasJoined { get; init; }

    /// <summary>The idempotency key that settling answers; null for none.</summary>
    public Claim? Claim { get; init; }

    [JsonIgnore]
    public long HeldMicro => Allocations.Sum(allocation => allocation.Micro);
}

/// <summary>The row <c>hold|operationId</c>: a hold and, once it ended, how.</summary>
public sealed record HoldRecord(Hold Hold, HoldStatus Status)
{
    public DateTimeOffset? EndedAt { get; init; }

    public long ChargedMicro { get; init; }

    /// <summary>What should have been charged but could not be collected; recorded, never a negative balance.</summary>
    public long AbsorbedMicro { get; init; }

    /// <summary>What the operation cost us, as far as is known now: the sum of its usage lines.</summary>
    public long CostNanoUsd { get; init; }

    /// <summary>The part of <see cref="CostNanoUsd"/> that is only assumed.</summary>
    public long UncertainCostNanoUsd { get; init; }

    /// <summary>How often its cost was corrected: at most when it was released, and when it was settled, after it had ended already.</summary>
    public int Corrections { get; init; }

    /// <summary>Settled after it had expired or been released.</summary>
    public bool Late { get; init; }

    /// <summary>Why it was released: the code of the failure; null for every other end.</summary>
    public string? Reason { get; init; }

    /// <summary>When the image was made that it paid for, which is a part of its gallery row's key; null when it paid for something else.</summary>
    public DateTimeOffset? ImageAt { get; init; }

    /// <summary>Settled, but its idempotency key belonged to a repetition by then: nothing was charged, and its answer is not to be given.</summary>
    public bool Superseded { get; init; }
}
