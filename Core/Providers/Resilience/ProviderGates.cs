using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ServerlessAi.Pricing;

namespace ServerlessAi.Providers.Resilience;

/// <summary>Who wants to call which model, and how long it may wait for its turn.</summary>
/// <param name="Provider">Who serves it.</param>
/// <param name="Account">For whom.</param>
internal sealed record Passage(ModelEntry Model, string Provider, string Account, TimeSpan Patience)
{
    /// <summary>Asked again after a wait: whether the call is still wanted. Null: it always is.</summary>
    public Func<Task<bool>>? IsWanted { get; init; }
}

/// <summary>How a try at one model went.</summary>
internal sealed record Passed<T>(ProviderOutcome<T> Outcome, TimeSpan Queued, TimeSpan Elapsed)
{
    public string Code => Outcome.Failure?.ToCode() ?? "ok";
}

/// <summary>
/// What stands before each provider: a circuit for each of its models, because vendors limit, overload and break models one by one; and a queue for all
/// of them together, because they share our key's limits. Whoever is refused has cost nothing.
/// </summary>
public sealed class ProviderGates
{
    private readonly ConcurrentDictionary<string, FairQueue> queues = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Provider, string ModelId), (string Model, Circuit Circuit)> circuits = new();
    private readonly ProviderOptions options;
    private readonly TimeProvider time;
    private readonly SteadyTime steady;
    private readonly ProviderMetrics metrics;

    public ProviderGates(IOptions<ProviderOptions> options, ProviderMetrics metrics, TimeProvider time)
    {
        (this.options, this.metrics, this.time, steady) = (options.Value, metrics, time, new SteadyTime(time));
        metrics.Observe(
            () => queues.Select(one => (one.Key, one.Value)),
            () => circuits.Select(one => (one.Key.Provider, one.Value.Model, one.Value.Circuit)));
    }

    /// <summary>How each of these providers does, in their order.</summary>
    public ImmutableArray<ProviderHealth> Look(IEnumerable<string> providers)
    {
        var now = time.GetUtcNow();
        var models = circuits
            .Select(one => (one.Key.Provider, one.Key.ModelId, Sight: one.Value.Circuit.Look()))
            .Where(one => CircuitStates.Rank(one.Sight.State) > 0)
            .OrderBy(one => one.ModelId, StringComparer.Ordinal)
            .ToLookup(one => one.Provider, one => new ModelHealth(one.ModelId, one.Sight.State, now - one.Sight.For, now + one.Sight.Wait), StringComparer.Ordinal);
        return [.. providers.Select(name => HealthOf(name, [.. models[name]]))];
    }

    /// <summary>Makes a call when its circuit and its queue let it through.</summary>
    internal async Task<Passed<T>> PassAsync<T>(Passage passage, Func<Task<ProviderOutcome<T>>> call)
    {
        var circuit = CircuitOf(passage);
        var passed = await TryAsync(passage, circuit, call);
        metrics.Tried(passage.Provider, passage.Model.ModelName, passed.Code);
        return passed;
    }

    private async Task<Passed<T>> TryAsync<T>(Passage passage, Circuit circuit, Func<Task<ProviderOutcome<T>>> call)
    {
        if (circuit.Look().Wait is not null)
        {
            return Refused<T>(circuit, TimeSpan.Zero);
        }

        var startedAt = time.GetTimestamp();
        var queue = QueueOf(passage.Provider);
        using var slot = await queue.EnterAsync(passage.Account, Shorter(passage.Patience, QueueTimeout(passage.Provider)));
        var queued = time.GetElapsedTime(startedAt);
        metrics.Queued(passage.Provider, queued);
        if (slot is null)
        {
            return new(ProviderOutcome<T>.Failed(ProviderFailure.Busy, "No slot was free in time.", queue.Pause), queued, TimeSpan.Zero);
        }

        if (slot.Waited && passage.IsWanted is { } isWanted && !await isWanted())
        {
            return new(ProviderOutcome<T>.Failed(ProviderFailure.Busy, "Nobody wants the answer any more.", queue.Pause), queued, TimeSpan.Zero);
        }

        Passed<T>? passed = null;
        await circuit.TryAsync(async () =>
        {
            passed = await MakeAsync(passage, queued, call);
            return FindingOf(passed.Outcome);
        });
        // The circuit may have opened while this one waited.
        return passed ?? Refused<T>(circuit, queued);
    }

    private async Task<Passed<T>> MakeAsync<T>(Passage passage, TimeSpan queued, Func<Task<ProviderOutcome<T>>> call)
    {
        var startedAt = time.GetTimestamp();
        var outcome = await call();
        var elapsed = time.GetElapsedTime(startedAt);
        var error = outcome.IsAbandoned ? "abandoned" : (outcome.Failure ?? outcome.BrokenBy)?.ToCode();
        metrics.Called(passage.Model.Kind, passage.Provider, passage.Model.ModelName, error, elapsed);
        return new(outcome, queued, elapsed);
    }

    private static Finding FindingOf<T>(ProviderOutcome<T> outcome)
    {
        if (outcome.IsAbandoned)
        {
            return new Finding(Verdict.Unknown, Rest: null);
        }

        var isFailure = (outcome.Failure ?? outcome.BrokenBy)?.IsOfProvider() == true;
        return new Finding(isFailure ? Verdict.Failed : Verdict.Healthy, outcome.RetryAfter);
    }

    private static Passed<T> Refused<T>(Circuit circuit, TimeSpan queued) => new(
        ProviderOutcome<T>.Failed(ProviderFailure.CircuitOpen, "It failed too often of late, or asked to be left alone.", circuit.Look().Wait), queued, TimeSpan.Zero);

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private ProviderHealth HealthOf(string name, ImmutableArray<ModelHealth> models)
    {
        var state = models.Select(model => model.State).MaxBy(CircuitStates.Rank) ?? CircuitStates.Closed;
        return queues.TryGetValue(name, out var queue)
            ? new ProviderHealth(name, state, queue.InUse, queue.Waiting, models)
            : new ProviderHealth(name, state, InUse: 0, Waiting: 0, models);
    }

    private Circuit CircuitOf(Passage passage) => circuits.GetOrAdd(
        (passage.Provider, passage.Model.Id), static (_, made) => (made.ModelName, new Circuit(made.Options, made.Time)),
        (passage.Model.ModelName, Options: options.Circuit, Time: steady)).Circuit;

    private FairQueue QueueOf(string provider)
    {
        var own = options.Limits.TryGetValue(provider, out var limits) ? limits : null;
        return queues.GetOrAdd(provider, _ => new FairQueue(own?.Concurrency ?? options.Concurrency, own?.QueueLimit ?? options.QueueLimit, time));
    }

    private TimeSpan QueueTimeout(string provider) => TimeSpan.FromMilliseconds(
        options.Limits.TryGetValue(provider, out var own) && own.QueueTimeoutMs is { } ms ? ms : options.QueueTimeoutMs);
}
