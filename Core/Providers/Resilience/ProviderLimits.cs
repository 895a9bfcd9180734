using System.ComponentModel.DataAnnotations;

namespace ServerlessAi.Providers.Resilience;

/// <summary>What one provider takes, where it differs from the others. What is not set is as for all.</summary>
public sealed class ProviderLimits
{
    /// <inheritdoc cref="ProviderOptions.Concurrency"/>
    [Range(1, 10_000)]
    public int? Concurrency { get; set; }

    /// <inheritdoc cref="ProviderOptions.QueueLimit"/>
    [Range(0, 100_000)]
    public int? QueueLimit { get; set; }

    /// <inheritdoc cref="ProviderOptions.QueueTimeoutMs"/>
    [Range(0, 220_000)]
    public int? QueueTimeoutMs { get; set; }
}
