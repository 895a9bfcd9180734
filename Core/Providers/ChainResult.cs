using System.Collections.Immutable;
using ServerlessAi.Pricing;

namespace ServerlessAi.Providers;

/// <summary>One model tried, and how it went: <c>ok</c> or a failure's code. <c>circuit_open</c> and <c>busy</c> say that it was not asked.</summary>
/// <param name="ElapsedMs">From the request to the end of the answer; 0 when it was not asked.</param>
public sealed record Attempt(string Model, string Provider, string Outcome, int ElapsedMs)
{
    /// <summary>Waiting for the provider before that.</summary>
    public int QueuedMs { get; init; }
}

/// <summary>What became of a call: an answer and who gave it, or the failure of the last who was tried.</summary>
public sealed record ChainResult<T>(ImmutableArray<Attempt> Attempts, PricedModel Model, T? Value, ProviderFailure? Failure, string? Detail)
    where T : class
{
    /// <summary>Models that were asked and gave no answer, but may bill us all the same (<see cref="ProviderFailures.MayHaveCost"/>).</summary>
    public ImmutableArray<PricedModel> MayBill { get; init; } = [];

    /// <summary>The shortest time after which one of the models that failed may answer; null when none told.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>No model failed for another reason than that too much was wanted of it: later it may answer.</summary>
    public bool IsCrowded { get; init; }

    /// <summary>Why the chosen model did not serve; null when it did.</summary>
    public string? FallbackReason => Attempts.Length > 1 ? Attempts[0].Outcome : null;

    public int ProviderMs => Attempts[^1].ElapsedMs;

    /// <summary>Who served, which is the sample where it stands in for the model's own provider.</summary>
    public string Provider => Attempts[^1].Provider;
}
