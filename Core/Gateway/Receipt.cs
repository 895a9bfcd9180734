using System.Collections.Immutable;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;

namespace ServerlessAi;

/// <summary>What an operation cost us, nano-USD.</summary>
/// <param name="UncertainNanoUsd">The part of <paramref name="NanoUsd"/> that is only assumed.</param>
public sealed record Cost(long NanoUsd, long UncertainNanoUsd)
{
    public static readonly Cost None = new(0, 0);

    public static Cost Of(long knownNanoUsd, long uncertainNanoUsd) => new(knownNanoUsd + uncertainNanoUsd, uncertainNanoUsd);
}

/// <summary>What a request cost and why; goes out with every billable answer. Amounts in credits and USD.</summary>
public sealed record Receipt
{
    public required string OperationId { get; init; }

    public required string ModelSelected { get; init; }

    public required string ModelServed { get; init; }

    public required string Provider { get; init; }

    public required string Tier { get; init; }

    public int PriceVersion { get; init; }

    public decimal CreditsReserved { get; init; }

    public decimal CreditsCharged { get; init; }

    public decimal CreditsReleased { get; init; }

    public decimal CreditsAbsorbed { get; init; }

    /// <summary>What the operation cost us, attempts with an unknown outcome at their worst case included.</summary>
    public decimal CostUsd { get; init; }

    /// <summary>The part of <see cref="CostUsd"/> that is only assumed: what attempts without an answer may have cost.</summary>
    public decimal UncertainCostUsd { get; init; }

    public int FreeImagesUsed { get; init; }

    public bool Cached { get; init; }

    public bool Downgraded => DowngradeReason is not null;

    public string? DowngradeReason { get; init; }

    /// <summary>Output was cut to what the plan, the day's tokens or the balance allow.</summary>
    public bool Clamped { get; init; }

    public string? FallbackReason { get; init; }

    /// <summary><c>provider</c>, <c>partial</c> or <c>estimated</c>.</summary>
    public required string UsageSource { get; init; }

    /// <summary><c>settled</c>; <c>none</c> for a cached answer, which charges nothing; <c>pending</c> when storage did not answer in time and the charge follows by itself.</summary>
    public string Settlement { get; init; } = "settled";

    public ImmutableArray<Attempt> Attempts { get; init; } = [];

    /// <summary>A cached answer: free, and made by an earlier call.</summary>
    public static Receipt OfHit(string operationId, UsageFacts usage) => new()
    {
        OperationId = operationId,
        ModelSelected = usage.ModelSelected,
        ModelServed = usage.ModelServed,
        Provider = usage.Provider,
        Tier = usage.Tier,
        UsageSource = usage.Source,
        Cached = true,
        Settlement = "none",
    };

    public static Receipt Of(Hold hold, UsageFacts usage, ImmutableArray<Attempt> attempts, HoldRecord? ended, long chargeMicro, Cost cost)
    {
        // Not yet settled: the receipt states the charge that will be made.
        var charged = ended?.ChargedMicro ?? (hold.FreeImages > 0 ? 0 : chargeMicro);
        return new Receipt
        {
            OperationId = hold.OperationId,
            ModelSelected = usage.ModelSelected,
            ModelServed = usage.ModelServed,
            Provider = usage.Provider,
            Tier = usage.Tier,
            PriceVersion = hold.PriceVersion,
            CreditsReserved = Money.ToCredits(hold.HeldMicro),
            CreditsCharged = Money.ToCredits(charged),
            CreditsReleased = Money.ToCredits(Math.Max(0, hold.HeldMicro - charged)),
            CreditsAbsorbed = Money.ToCredits(ended?.AbsorbedMicro ?? 0),
            CostUsd = Money.ToUsd(cost.NanoUsd),
            UncertainCostUsd = Money.ToUsd(cost.UncertainNanoUsd),
            FreeImagesUsed = hold.FreeImages,
            DowngradeReason = hold.DowngradeReason,
            Clamped = hold.Clamped,
            FallbackReason = usage.FallbackReason,
            UsageSource = usage.Source,
            Settlement = ended is null ? "pending" : "settled",
            Attempts = attempts,
        };
    }
}
