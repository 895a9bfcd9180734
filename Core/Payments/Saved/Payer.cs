using System.Text.Json.Serialization;
using ServerlessAi.Payments.Catalog;

namespace ServerlessAi.Payments.Saved;

/// <summary>Buys a package by itself when the balance falls below a threshold.</summary>
/// <param name="MonthlyLimitCents">What it may spend in a calendar month (UTC).</param>
public sealed record AutoTopUp(bool Enabled, decimal ThresholdCredits, string PackageId, long MonthlyLimitCents)
{
    /// <summary>Why it was switched off, when not by its owner.</summary>
    public string? DisabledReason { get; init; }

    public AutoTopUp Off(string? reason) => this with { Enabled = false, DisabledReason = reason };
}

/// <summary>Why automatic top-ups went off by themselves. The names are stored, and shown.</summary>
internal static class TopUpOff
{
    public const string NoMethod = "no_payment_method";
    public const string Declined = "declined";

    /// <summary>Money of the account went back: taking its credits leaves less than the threshold, and would charge the payer at once again.</summary>
    public const string Refunded = "refunded";
    public const string Disputed = "disputed";
}

/// <summary>What is kept of an account as a payer.</summary>
public sealed record Payer(string AccountId)
{
    /// <summary>Who the customer is at which gateway; there once a payment method was saved.</summary>
    public string? CustomerId { get; init; }

    public string? Gateway { get; init; }

    public AutoTopUp? TopUp { get; init; }

    /// <summary>The top-up that is under way: there is never a second.</summary>
    public string? OpenTopUp { get; init; }

    /// <summary>What it buys, as it was offered when the top-up was counted to the month: its price may change before the order is written.</summary>
    public Package? OpenTopUpOf { get; init; }

    /// <summary>Top-ups begun so far.</summary>
    public int TopUps { get; init; }

    public string? TopUpMonth { get; init; }

    public long TopUpCents { get; init; }

    public DateTimeOffset? FirstPurchaseAt { get; init; }

    /// <summary>The code of whoever brought them, which leads to nobody once its owner is forgotten; null when nobody did, and after the reward.</summary>
    public string? ReferredBy { get; init; }

    public DateTimeOffset? ReferralPaidAt { get; init; }

    public string? WrongCodesDay { get; init; }

    public int WrongCodes { get; init; }

    [JsonIgnore]
    public bool IsTopUpOn => TopUp is { Enabled: true };

    /// <summary>What top-ups spent in a month, or are about to.</summary>
    public long SpentCents(string month) => string.Equals(TopUpMonth, month, StringComparison.Ordinal) ? TopUpCents : 0;
}
