using System.ComponentModel.DataAnnotations;

namespace ServerlessAi.Caching;

/// <summary>Settings of the answer cache.</summary>
public sealed class CacheOptions
{
    public const string Section = "Cache";

    /// <summary>How long a request waits for the cache before it goes on without, milliseconds. An instance that has just started waits five times as long.</summary>
    [Range(50, 60_000)]
    public int LookupPatienceMs { get; set; } = 800;
}
