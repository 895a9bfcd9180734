using System.ComponentModel.DataAnnotations;

namespace ServerlessAi.Caching;

/// <summary>Settings of the answer cache.</summary>
public sealed class CacheOptions
{
    public const string Section = "Cache";

    /// <summary>How long a request waits for the cache before it goes on without, milliseconds. An instance that has just started waits five times as long.</summary>
    [Range(50, 60_000)]
    public int LookupPatienceMs { get; set; } = 800;

    /// <summary>
    /// What renewing popular answers before they expire may cost a month, USD. 0 switches it off: it spends money that nobody has asked to spend, and
    /// keeps prompts with their answers, which otherwise are not kept.
    /// </summary>
    [Range(typeof(decimal), "0", "1000000", ParseLimitsInInvariantCulture = true)]
    public decimal WarmMonthlyUsd { get; set; }

    /// <summary>How often an answer must have been given again since it was made, to be renewed.</summary>
    [Range(1, 1_000_000)]
    public int WarmMinHits { get; set; } = 3;

    /// <summary>How long before its end it is renewed, minutes. The timer runs every five.</summary>
    [Range(1, 1_440)]
    public int WarmAheadMinutes { get; set; } = 10;

    internal bool KeepsWarm => WarmMonthlyUsd > 0;
}
