using System.Diagnostics;
using System.Diagnostics.Metrics;
using ServerlessAi.Pricing;

namespace ServerlessAi.Providers.Resilience;

/// <summary>What providers do, as metrics of the meter <c>ServerlessAi</c>. Durations are in seconds.</summary>
/// <remarks>
/// <c>gen_ai.client.operation.duration</c> and the attributes <c>gen_ai.*</c> and <c>error.type</c> are OpenTelemetry's
/// (opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics), in development there; for images and searches it names no operation, so those have names
/// of ours, as it allows. It has nothing for queues and circuits either: those instruments have names of ours.
/// </remarks>
public sealed class ProviderMetrics
{
    public const string MeterName = "ServerlessAi";
    private const string Provider = "gen_ai.provider.name";
    private const string Model = "gen_ai.request.model";
    private const string Operation = "gen_ai.operation.name";
    private const string ErrorType = "error.type";

    // As the conventions advise.
    private static readonly double[] DurationsSeconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

    private readonly Meter meter;
    private readonly Histogram<double> duration;
    private readonly Histogram<double> queueDuration;
    private readonly Counter<long> attempts;

    public ProviderMetrics(IMeterFactory meters)
    {
        meter = meters.Create(MeterName);
        var boundaries = new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationsSeconds };
        duration = meter.CreateHistogram("gen_ai.client.operation.duration", "s", "Calls of providers, to the end of their answers.", tags: null, boundaries);
        queueDuration = meter.CreateHistogram("serverlessai.provider.queue.duration", "s", "Waiting for a provider's slot.", tags: null, boundaries);
        attempts = meter.CreateCounter<long>("serverlessai.provider.attempts", "{attempt}", "Models that requests tried, by outcome, those included that were not asked.");
    }

    /// <summary>A call that was made.</summary>
    /// <param name="model">The vendor's name of the model.</param>
    /// <param name="error">A failure's code; null when it answered.</param>
    internal void Called(ModelKind kind, string provider, string model, string? error, TimeSpan elapsed)
    {
        var tags = new TagList { { Operation, OperationOf(kind) }, { Provider, provider }, { Model, model } };
        if (error is not null)
        {
            tags.Add(ErrorType, error);
        }

        duration.Record(elapsed.TotalSeconds, tags);
    }

    /// <param name="outcome"><c>ok</c> or a failure's code.</param>
    internal void Tried(string provider, string model, string outcome) =>
        attempts.Add(1, new TagList { { Provider, provider }, { Model, model }, { "serverlessai.outcome", outcome } });

    internal void Queued(string provider, TimeSpan elapsed) => queueDuration.Record(elapsed.TotalSeconds, new TagList { { Provider, provider } });

    /// <summary>Lets what is observed be asked for whenever somebody reads the metrics.</summary>
    internal void Observe(Func<IEnumerable<(string Provider, FairQueue Queue)>> queues, Func<IEnumerable<(string Provider, string Model, Circuit Circuit)>> circuits)
    {
        meter.CreateObservableUpDownCounter(
            "serverlessai.provider.active_requests", () => queues().Select(one => Of(one.Queue.InUse, one.Provider)), "{request}", "Calls of providers under way.");
        meter.CreateObservableUpDownCounter(
            "serverlessai.provider.queued_requests", () => queues().Select(one => Of(one.Queue.Waiting, one.Provider)), "{request}", "Requests that wait for a provider.");
        meter.CreateObservableGauge(
            "serverlessai.provider.circuit.state",
            () => circuits().Select(one => new Measurement<int>(
                CircuitStates.Rank(one.Circuit.Look().State), new TagList { { Provider, one.Provider }, { Model, one.Model } })),
            unit: null,
            "0 closed, 1 half open, 2 open.");
    }

    private static Measurement<int> Of(int value, string provider) => new(value, new TagList { { Provider, provider } });

    private static string OperationOf(ModelKind kind) => kind switch
    {
        ModelKind.Text => "chat",
        ModelKind.Embedding => "embeddings",
        ModelKind.Image => "image_generation",
        _ => "web_search",
    };
}
