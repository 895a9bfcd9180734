using System.Collections.Immutable;
using ServerlessAi.Accounts.Auditing;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

/// <summary>An account in which something does not agree.</summary>
public sealed record Discrepancy(string Account, ImmutableArray<string> Problems);

/// <summary>A month's cost by the platform's own rows and by the accounts' roll-ups. Drift is normal until spend is reconciled, at the next full hour.</summary>
/// <param name="Month"><c>yyyy-MM</c>.</param>
public sealed record SpendOutput(string Month, decimal PlatformUsd, decimal AccountsUsd)
{
    public decimal DriftUsd => PlatformUsd - AccountsUsd;

    public static SpendOutput From(SpendDrift drift) => new($"{drift.Month[..4]}-{drift.Month[4..]}", Money.ToUsd(drift.PlatformNanoUsd), Money.ToUsd(drift.AccountsNanoUsd));
}

/// <summary>The books of one account or of all. Amounts in credits; granted + purchased + giftedIn − charged − deducted − expired − refunded − giftedOut = balance.</summary>
public sealed record AuditTotals
{
    /// <summary>Whether every credit is accounted for, in every account. What was not read to its end is not proved.</summary>
    public bool Conserved => Complete && DiscrepancyCount == 0 && Granted + Purchased + GiftedIn - Charged - Deducted - Expired - Refunded - GiftedOut == Balance;

    public int Accounts { get; init; }

    public long Entries { get; init; }

    public decimal Granted { get; init; }

    public decimal Purchased { get; init; }

    public decimal Charged { get; init; }

    public decimal Deducted { get; init; }

    public decimal Expired { get; init; }

    /// <summary>Purchased credits taken back because their price was.</summary>
    public decimal Refunded { get; init; }

    public decimal GiftedIn { get; init; }

    public decimal GiftedOut { get; init; }

    public decimal Balance { get; init; }

    public decimal Held { get; init; }

    public decimal Absorbed { get; init; }

    public decimal CostUsd { get; init; }

    /// <summary>The part of <see cref="CostUsd"/> that is only assumed: calls whose outcome nobody knows.</summary>
    public decimal UncertainCostUsd { get; init; }

    public int OpenHolds { get; init; }

    /// <summary>Endings that wait because storage did not take them when they were due.</summary>
    public int? Unsettled { get; init; }

    /// <summary>The platform's spend beside that of all accounts; null for one account.</summary>
    public IReadOnlyList<SpendOutput>? Spend { get; init; }

    public int DiscrepancyCount { get; init; }

    /// <summary>False when storage failed on the way: what stands here is what was read until then.</summary>
    public bool Complete { get; init; }

    /// <summary>Why it is not complete.</summary>
    public string? Code { get; init; }

    public AuditTotals With(AccountProof proof) => this with
    {
        Accounts = Accounts + 1,
        Entries = Entries + proof.Entries,
        Granted = Granted + Money.ToCredits(proof.GrantedMicro),
        Purchased = Purchased + Money.ToCredits(proof.PurchasedMicro),
        Charged = Charged + Money.ToCredits(proof.ChargedMicro),
        Deducted = Deducted + Money.ToCredits(proof.DeductedMicro),
        Expired = Expired + Money.ToCredits(proof.ExpiredMicro),
        Refunded = Refunded + Money.ToCredits(proof.RefundedMicro),
        GiftedIn = GiftedIn + Money.ToCredits(proof.GiftedInMicro),
        GiftedOut = GiftedOut + Money.ToCredits(proof.GiftedOutMicro),
        Balance = Balance + Money.ToCredits(proof.BalanceMicro),
        Held = Held + Money.ToCredits(proof.HeldMicro),
        Absorbed = Absorbed + Money.ToCredits(proof.AbsorbedMicro),
        CostUsd = CostUsd + Money.ToUsd(proof.CostNanoUsd),
        UncertainCostUsd = UncertainCostUsd + Money.ToUsd(proof.UncertainCostNanoUsd),
        OpenHolds = OpenHolds + proof.OpenHolds,
        DiscrepancyCount = DiscrepancyCount + (proof.Problems.IsEmpty ? 0 : 1),
    };
}
