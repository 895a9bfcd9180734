using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>What one plan allows an account. Zero switches a limit off where that makes sense and the property says so.</summary>
public sealed class PlanLimits
{
    /// <summary>Least time between two billable requests, milliseconds; 0 switches it off.</summary>
    [Range(0, 60_000)]
    public int SpacingMs { get; set; } = 800;

    /// <summary>Billable requests in a sliding minute; 0 switches it off.</summary>
    [Range(0, 1_000_000)]
    public int RequestsPerMinute { get; set; } = 60;

    /// <summary>Billable requests running at once. Bounded, because every open hold lives in the account's row.</summary>
    [Range(1, 200)]
    public int ConcurrentJobs { get; set; } = 1;

    /// <summary>Tokens a day, input and output together.</summary>
    [Range(0, long.MaxValue)]
    public long TokensPerDay { get; set; } = 200_000;

    /// <summary>Images a day that cost no credits.</summary>
    [Range(0, 10_000)]
    public int FreeImagesPerDay { get; set; } = 3;

    /// <summary>Images that the gallery keeps; when there are as many, none is made until one is deleted. Null for no limit.</summary>
    [Range(0, 1_000_000)]
    public int? Images { get; set; }

    /// <summary>Provider cost a month beyond which no billable request starts, USD; null for none. Worst cases count, so that it is never passed.</summary>
    [Range(typeof(decimal), "0", "1000000", ParseLimitsInInvariantCulture = true)]
    public decimal? CostLimitUsd { get; set; }

    /// <summary>Calls and tokens a month by provider; a provider that is not among them has no limit.</summary>
    [SuppressMessage("Design", "MA0016:Prefer using collection abstraction instead of implementation", Justification = "Settings are bound into this one, and keep its comparer.")]
    public Dictionary<string, ProviderLimit> Providers { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Kinds of models that it includes besides those that are for everybody: <c>starter</c>, <c>premium</c>.</summary>
    public IList<string> ModelAccess { get; set; } = [];

    /// <summary>Provider cost a month from which on the standard tier serves, USD.</summary>
    [Range(typeof(decimal), "0", "1000000", ParseLimitsInInvariantCulture = true)]
    public decimal MonthlyCapUsd { get; set; } = 100m;

    /// <summary>Output tokens that one call may ask for.</summary>
    [Range(1, 1_000_000)]
    public int MaxOutputTokens { get; set; } = 2_048;

    /// <summary>Balance without which no billable request starts, USD.</summary>
    [Range(typeof(decimal), "0", "1000", ParseLimitsInInvariantCulture = true)]
    public decimal MinimumBalanceUsd { get; set; } = 0.01m;

    /// <summary>Provider cost a month beyond which nothing is begun, nano-USD; null for none. Only for what the installation does for itself.</summary>
    internal long? HardCapNanoUsd { get; init; }

    internal long MinimumBalanceMicro { get; private set; } = 100_000;

    /// <summary>What is out of range, a sentence each.</summary>
    public IEnumerable<string> Problems()
    {
        var problems = Check(this);
        foreach (var (provider, limit) in Providers)
        {
            problems = problems.Concat(Check(limit).Select(problem => $"{provider}: {problem}"));
        }

        return problems;
    }

    private static IEnumerable<string> Check(object limits)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(limits, new ValidationContext(limits), results, validateAllProperties: true);
        return results.Select(result => result.ErrorMessage ?? "A limit is out of range.");
    }

    public bool Includes(string? access) => access is null || ModelAccess.Contains(access, StringComparer.OrdinalIgnoreCase);

    internal long MonthlyCapNanoUsd => Money.FromUsd(MonthlyCapUsd);

    /// <summary>What alerts go by.</summary>
    internal MeterLimits MetersOf(string plan, ProviderLimit? provider) => new(plan, provider?.Calls, provider?.Tokens, Money.FromUsd(CostLimitUsd ?? MonthlyCapUsd)) { Images = Images, TokensPerDay = TokensPerDay };

    /// <summary>Makes ready what was read: calls are counted by providers' names in lower case, however a setting spells them.</summary>
    internal void Complete(decimal usdPerCredit)
    {
        MinimumBalanceMicro = Money.FromCredits(MinimumBalanceUsd / usdPerCredit);
        var given = Providers;
        Providers = given.ToDictionary(limit => limit.Key.ToLowerInvariant(), limit => limit.Value, StringComparer.OrdinalIgnoreCase);
    }
}

/// <summary>What a plan allows of one provider in a month. Null is unlimited.</summary>
public sealed class ProviderLimit
{
    [Range(0, long.MaxValue)]
    public long? Calls { get; set; }

    /// <summary>Input and output together.</summary>
    [Range(0, long.MaxValue)]
    public long? Tokens { get; set; }
}
