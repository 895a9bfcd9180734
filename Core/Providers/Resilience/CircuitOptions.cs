using System.ComponentModel.DataAnnotations;

namespace ServerlessAi.Providers.Resilience;

/// <summary>When a model that fails is left alone, and for how long.</summary>
public sealed class CircuitOptions
{
    /// <summary>Share of failed calls at which the circuit opens, 0.01 to 1.</summary>
    [Range(0.01, 1)]
    public double FailureRatio { get; set; } = 0.5;

    /// <summary>Fewer calls than this within the window open nothing.</summary>
    [Range(2, 10_000)]
    public int MinimumCalls { get; set; } = 5;

    /// <summary>Calls older than this are forgotten, milliseconds.</summary>
    [Range(500, 600_000)]
    public int WindowMs { get; set; } = 30_000;

    /// <summary>How long an open circuit lets nobody through before it tries a single call, milliseconds.</summary>
    [Range(500, 600_000)]
    public int BreakMs { get; set; } = 15_000;

    /// <summary>How long a vendor is left alone at most when it asks for it with its refusal, milliseconds.</summary>
    [Range(0, 600_000)]
    public int RestLimitMs { get; set; } = 60_000;
}
