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
    private static readonly Outcome<Verdict> Neutral = Outcome.FromException<Verdict>(new OperationCanceledException());

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
        if (Look().Wait is not null)
        {
            return false;
        }

        var trial = new Trial(this, call);
        var context = ResilienceContextPool.Shared.Get();
        try
        {
            await pipeline.ExecuteOutcomeAsync(static (_, trial) => trial.RunAsync(), context, trial);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }

        trial.Bug?.Throw();
        return trial.WasMade;
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
        changedAt = time.Now;
        generation++;
    }

    private (int Generation, bool IsProbe) Begin()
    {
        // Whoever is let through a half-open circuit is the only one.
        var isProbe = states.CircuitState == CircuitState.HalfOpen;
        lock (gate)
        {
            return (generation, isProbe);
        }
    }

    private Outcome<Verdict> Judge(Finding finding, int begunIn, bool isProbe)
    {
        lock (gate)
        {
            if (begunIn != generation)
            {
                return Neutral;
            }

            if (finding is { Verdict: Verdict.Failed, Rest: { } asked })
            {
                var longest = TimeSpan.FromMilliseconds(options.RestLimitMs);
                if (restUntil <= time.Now && !isProbe)
                {
                    changedAt = time.Now;
                }

                restUntil = Later(restUntil, time.Now + (asked < longest ? asked : longest));
            }

            if (isProbe && finding.Verdict == Verdict.Healthy)
            {
                Change();
            }

            // A probe that found nothing out must not leave the circuit half open for ever.
            return finding.Verdict == Verdict.Unknown && !isProbe ? Neutral
                : Outcome.FromResult(finding.Verdict == Verdict.Healthy ? Verdict.Healthy : Verdict.Failed);
        }
    }

    private sealed class Trial(Circuit circuit, Func<Task<Finding>> call)
    {
        public bool WasMade { get; private set; }

        public ExceptionDispatchInfo? Bug { get; private set; }

        public async ValueTask<Outcome<Verdict>> RunAsync()
        {
            WasMade = true;
            var (generation, isProbe) = circuit.Begin();
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

            return circuit.Judge(finding, generation, isProbe);
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
