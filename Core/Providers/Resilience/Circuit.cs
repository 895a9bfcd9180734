using System.Runtime.ExceptionServices;
using Polly;
using Polly.CircuitBreaker;

namespace ServerlessAi.Providers.Resilience;

/// <summary>What a call says of the provider's health.</summary>
internal enum Verdict
{
    /// <summary>It answered, if only that the request is wrong.</summary>
    Healthy,

    Failed,

    /// <summary>Nothing: the caller left, or we gave up early.</summary>
    Unknown,
}

/// <param name="Rest">How long the vendor asked to be left alone; null when it did not.</param>
internal sealed record Finding(Verdict Verdict, TimeSpan? Rest);

/// <summary>
/// The circuit breaker of one model at one provider. It opens when too many calls fail, and after a break lets a single one through, which decides.
/// Calls that began before the circuit last changed say nothing: of a provider that hung for a minute they fail long after it has recovered.
/// </summary>
internal sealed class Circuit
{
    private static readonly TimeSpan ProbePause = TimeSpan.FromSeconds(1);

    private readonly CircuitBreakerStateProvider states = new();
    private readonly ResiliencePipeline<Verdict> pipeline;
    private readonly CircuitOptions options;
    private readonly SteadyTime time;
    private readonly Lock gate = new();
    private TimeSpan changedAt;
    private TimeSpan openUntil;
    private TimeSpan restUntil;
    private int generation;

    public Circuit(CircuitOptions options, SteadyTime time)
    {
        (this.options, this.time) = (options, time);
        pipeline = new ResiliencePipelineBuilder<Verdict> { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<Verdict>
            {
                FailureRatio = options.FailureRatio,
                MinimumThroughput = options.MinimumCalls,
                SamplingDuration = TimeSpan.FromMilliseconds(options.WindowMs),
                StateProvider = states,
                ShouldHandle = static call => ValueTask.FromResult(call.Outcome is { Exception: null, Result: Verdict.Failed }),
                // Asked in the very moment of opening, where Polly's events would come later, on another thread.
                BreakDurationGenerator = _ => ValueTask.FromResult(Opening()),
            })
            .Build();
    }

    /// <summary>As it is now; an open circuit whose break is over counts as half open.</summary>
    public CircuitSight Look()
    {
        // Read outside: Polly asks for the length of a break while it holds a lock of its own.
        var state = states.CircuitState;
        lock (gate)
        {
            var now = time.Now;
            var (rest, left) = (restUntil - now, openUntil - now);
            return state switch
            {
                CircuitState.Open when left > TimeSpan.Zero => new CircuitSight(CircuitStates.Open, now - changedAt, Later(left, rest)),
                CircuitState.Closed when rest <= TimeSpan.Zero => new CircuitSight(CircuitStates.Closed, now - changedAt, Wait: null),
                CircuitState.Closed => new CircuitSight(CircuitStates.Open, now - changedAt, rest),
                CircuitState.HalfOpen => new CircuitSight(CircuitStates.HalfOpen, now - changedAt, ProbePause),
                _ when rest > TimeSpan.Zero => new CircuitSight(CircuitStates.Open, now - changedAt, rest),
                _ => new CircuitSight(CircuitStates.HalfOpen, now - changedAt, Wait: null),
            };
        }
    }

    /// <summary>Makes a call, if the circuit lets it through.</summary>
    /// <returns>Whether it did.</returns>
    public async Task<bool> TryAsync(Func<Task<Finding>> call)
    {
        var begunIn = Volatile.Read(ref generation);
        var sight = Look();
        if (sight.Wait is not null)
        {
            return false;
        }

        if (!string.Equals(sight.State, CircuitStates.Closed, StringComparison.Ordinal))
        {
            return await ProbeAsync(call);
        }

        // Told to Polly afterwards, because of a call that runs within it everything that is no failure counts as a success.
        var finding = await call();
        if (finding.Verdict != Verdict.Unknown && begunIn == Volatile.Read(ref generation))
        {
            Note(finding);
            await ExecuteAsync(static verdict => ValueTask.FromResult(Outcome.FromResult(verdict)), finding.Verdict);
        }

        return true;
    }

    private async Task<bool> ProbeAsync(Func<Task<Finding>> call)
    {
        var probe = new Probe(this, call);
        await ExecuteAsync(static probe => probe.RunAsync(), probe);
        probe.Bug?.Throw();
        return probe.WasMade;
    }

    private async Task ExecuteAsync<TState>(Func<TState, ValueTask<Outcome<Verdict>>> run, TState state)
    {
        var context = ResilienceContextPool.Shared.Get();
        try
        {
            await pipeline.ExecuteOutcomeAsync(static (_, call) => call.run(call.state), context, (run, state));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private TimeSpan Opening()
    {
        var pause = TimeSpan.FromMilliseconds(options.BreakMs);
        lock (gate)
        {
            Change();
            openUntil = changedAt + pause;
        }

        return pause;
    }

    private void Change()
    {
        lock (gate)
        {
            changedAt = time.Now;
            generation++;
        }
    }

    private void Note(Finding finding)
    {
        if (finding is { Verdict: Verdict.Failed, Rest: { } asked })
        {
            var longest = TimeSpan.FromMilliseconds(options.RestLimitMs);
            lock (gate)
            {
                changedAt = restUntil <= time.Now ? time.Now : changedAt;
                restUntil = Later(restUntil, time.Now + (asked < longest ? asked : longest));
            }
        }
    }

    /// <summary>The one call that a half-open circuit lets through.</summary>
    private sealed class Probe(Circuit circuit, Func<Task<Finding>> call)
    {
        public bool WasMade { get; private set; }

        public ExceptionDispatchInfo? Bug { get; private set; }

        public async ValueTask<Outcome<Verdict>> RunAsync()
        {
            WasMade = true;
            var finding = new Finding(Verdict.Unknown, Rest: null);
            try
            {
                finding = await call();
            }
            catch (Exception exception)
            {
                // A bug of ours; it is thrown again as soon as the breaker knows how its probe ended.
                Bug = ExceptionDispatchInfo.Capture(exception);
            }

            circuit.Note(finding);
            if (finding.Verdict == Verdict.Healthy)
            {
                circuit.Change();
            }

            // One that found nothing out is as good as one that failed: the next decides.
            return Outcome.FromResult(finding.Verdict == Verdict.Healthy ? Verdict.Healthy : Verdict.Failed);
        }
    }
}

/// <summary>A circuit at one moment.</summary>
/// <param name="State">One of <see cref="CircuitStates"/>.</param>
/// <param name="For">How long it has been so, or, half open, since it opened.</param>
/// <param name="Wait">How long nobody is let through; null when a call may be made now.</param>
internal sealed record CircuitSight(string State, TimeSpan For, TimeSpan? Wait);

/// <summary>Names of states as <c>health</c> gives them.</summary>
public static class CircuitStates
{
    public const string Closed = "closed";
    public const string HalfOpen = "half_open";
    public const string Open = "open";

    /// <summary>0 closed, 1 half open, 2 open: how metrics give it, and the larger the worse.</summary>
    internal static int Rank(string state) => state switch
    {
        Open => 2,
        HalfOpen => 1,
        _ => 0,
    };
}
