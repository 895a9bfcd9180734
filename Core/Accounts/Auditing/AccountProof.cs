using System.Collections.Immutable;

namespace ServerlessAi.Accounts.Auditing;

/// <summary>What auditing one account found. Amounts in micro-credits and nano-USD.</summary>
/// <param name="Problems">Each a sentence, at most <see cref="Findings.Limit"/> and one; none means that every credit is accounted for.</param>
public sealed record AccountProof(string AccountId, ImmutableArray<string> Problems)
{
    public long Entries { get; init; }

    public long GrantedMicro { get; init; }

    public long PurchasedMicro { get; init; }

    public long ChargedMicro { get; init; }

    public long DeductedMicro { get; init; }

    public long ExpiredMicro { get; init; }

    /// <summary>Purchased credits taken back because their price was.</summary>
    public long RefundedMicro { get; init; }

    public long GiftedInMicro { get; init; }

    public long GiftedOutMicro { get; init; }

    public long BalanceMicro { get; init; }

    public long HeldMicro { get; init; }

    public long AbsorbedMicro { get; init; }

    public long CostNanoUsd { get; init; }

    public long UncertainCostNanoUsd { get; init; }

    public int OpenHolds { get; init; }

    /// <summary>What the newest months' roll-ups say was spent on providers, oldest first.</summary>
    public ImmutableArray<MonthCost> Months { get; init; } = [];
}

/// <summary>What one month cost, nano-USD.</summary>
public readonly record struct MonthCost(string Month, long CostNanoUsd);
