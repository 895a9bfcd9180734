namespace ServerlessAi.Payments.Catalog;

/// <summary>What a code is good for. The names are stored.</summary>
public enum CodeKind
{
    /// <summary>Credits for nothing, on redeeming it.</summary>
    Credits = 0,

    /// <summary>Percent off a purchase.</summary>
    Percent = 1,

    /// <summary>An amount off a purchase, in the installation's currency.</summary>
    Amount = 2,

    /// <summary>Credits besides those of a purchase.</summary>
    Bonus = 3,
}

/// <summary>A code that users type in; each account once.</summary>
/// <param name="Id">Upper case; compared in any case.</param>
/// <param name="Value">Credits, percent or an amount, by its kind.</param>
public sealed record PromoCode(string Id, CodeKind Kind, decimal Value)
{
    /// <summary>How many accounts may use it; null for any number.</summary>
    public int? MaxRedemptions { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Withdrawn codes are as good as unknown.</summary>
    public bool Offered { get; init; } = true;

    public static string Canonical(string typed) => typed.Trim().ToUpperInvariant();
}
