using System.ComponentModel.DataAnnotations;

namespace ServerlessAi.Accounts;

/// <summary>Settings of the account store and of credits.</summary>
public sealed class AccountOptions
{
    public const string Section = "Credits";

    /// <summary>What a credit is worth, USD.</summary>
    [Range(typeof(decimal), "0.000001", "1000", ParseLimitsInInvariantCulture = true)]
    public decimal UsdPerCredit { get; set; } = 0.10m;

    /// <summary>Credits that a new account starts with; 0 gives none.</summary>
    [Range(typeof(decimal), "0", "100000", ParseLimitsInInvariantCulture = true)]
    public decimal SignUp { get; set; } = 10m;

    /// <summary>How long a hold lives before anyone may reclaim it, seconds: the function timeout and a margin.</summary>
    [Range(10, 3_600)]
    public int HoldSeconds { get; set; } = 330;

    /// <summary>How often a command folds anew after somebody else was first, before it is refused as busy.</summary>
    [Range(1, 100)]
    public int ConflictAttempts { get; set; } = 20;

    /// <summary>How long a command starts new attempts while storage is out of reach, milliseconds; below one request's time, so that hanging costs one.</summary>
    [Range(100, 60_000)]
    public int PatienceMs { get; set; } = 1_000;
}
