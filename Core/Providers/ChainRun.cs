using System.Collections.Immutable;
using ServerlessAi.Pricing;
using ServerlessAi.Providers.Resilience;

namespace ServerlessAi.Providers;

/// <summary>How far one request has come along its chain.</summary>
/// <param name="attemptsLimit">Models that may be asked; those that a closed door kept from being asked do not count.</param>
internal sealed class ChainRun<T>(int attemptsLimit)
    where T : class
{
    private readonly HashSet<string> askedProviders = new(StringComparer.Ordinal);
    private readonly HashSet<string> busyProviders = new(StringComparer.Ordinal);
    private ImmutableArray<Attempt> attempts = [];
    private ImmutableArray<PricedModel> mayBill = [];
    private TimeSpan? retryAfter;
    private bool isCrowded = true;
    private int asked;

    /// <summary>Null before the first try.</summary>
    public ChainResult<T>? Last { get; private set; }

    public bool IsOver => asked >= attemptsLimit || Last is { Failure: null } || Last?.Failure?.AllowsFallback() == false;

    /// <summary>
    /// Whether to try a model at all. Not one whose provider has just been too busy, which would be waiting twice; and the last attempt is kept for another
    /// provider, so that the models of a dead one do not use up all.
    /// </summary>
    /// <param name="ahead">Whose models come after it.</param>
    public bool Wants(string provider, IEnumerable<string> ahead) => !busyProviders.Contains(provider)
        && !(asked == attemptsLimit - 1 && askedProviders.Contains(provider) && ahead.Any(other => !askedProviders.Contains(other)));

    public void Add(PricedModel model, string provider, Passed<T> passed)
    {
        var outcome = passed.Outcome;
        attempts = attempts.Add(new Attempt(model.Model.Id, provider, passed.Code, (int)passed.Elapsed.TotalMilliseconds) { QueuedMs = (int)passed.Queued.TotalMilliseconds });
        if (outcome.Failure is ProviderFailure.Unsupported && Last is not null)
        {
            // Who cannot be asked this says nothing about why the others failed.
            Last = Last with { Attempts = attempts };
            return;
        }

        mayBill = outcome.Failure?.MayHaveCost() == true ? mayBill.Add(model) : mayBill;
        retryAfter = outcome.RetryAfter < (retryAfter ?? TimeSpan.MaxValue) ? outcome.RetryAfter : retryAfter;
        isCrowded &= outcome.Failure is ProviderFailure.Unsupported || outcome.Failure?.IsCrowding() == true;
        if (outcome.Failure?.WasAsked() != false)
        {
            asked++;
            askedProviders.Add(provider);
        }

        if (outcome.Failure is ProviderFailure.Busy)
        {
            busyProviders.Add(provider);
        }

        Last = new ChainResult<T>(attempts, model, outcome.Value, outcome.Failure, outcome.Detail) { MayBill = mayBill, RetryAfter = retryAfter, IsCrowded = isCrowded };
    }
}
