using System.Diagnostics.Metrics;
using ServerlessAi.Providers.Resilience;
using ServerlessAi.Simulator.Vendors;
using static ServerlessAi.Tests.Providers.ProviderWorld;

namespace ServerlessAi.Tests.Providers.Resilience;

public sealed class MetricsTests
{
    [Fact]
    public async Task Calls_are_measured_by_provider_model_and_error_as_OpenTelemetry_names_them()
    {
        await using var world = await ProviderWorld.StartAsync(settings: [("Providers:Circuit:MinimumCalls", "2")]);
        using var meter = new Reader(world);
        world.OpenAI.Script("bad", OpenAIStandIn.Error(500, "server_error", null, "No."));

        await world.RunAsync(TextModel("good"));
        await world.RunAsync(TextModel("bad"), TextModel("good"));
        await world.RunAsync(TextModel("bad"));
        await world.RunAsync(TextModel("bad"));

        const string call = "gen_ai.client.operation.duration gen_ai.operation.name=chat gen_ai.provider.name=openai gen_ai.request.model=";
        Assert.Equal([call + "good", call + "bad error.type=unavailable", call + "good", call + "bad error.type=unavailable"], meter.Of("gen_ai."));
        const string tried = "serverlessai.provider.attempts gen_ai.provider.name=openai gen_ai.request.model=";
        string[] outcomes = ["good serverlessai.outcome=ok", "bad serverlessai.outcome=unavailable", "good serverlessai.outcome=ok", "bad serverlessai.outcome=unavailable", "bad serverlessai.outcome=circuit_open"];
        Assert.Equal(outcomes.Select(outcome => tried + outcome), meter.Of("serverlessai.provider.attempts"));
    }

    [Fact]
    public async Task A_call_is_measured_in_seconds_and_so_is_the_wait_for_it()
    {
        await using var load = await LoadWorld.StartAsync(("Providers:Concurrency", "1"));
        using var meter = new Reader(load.World);
        load.MakeA(load.After(TimeSpan.FromMilliseconds(1_500)));

        var both = new[] { load.Send("ann", TextModel("a")), load.Send("ann", TextModel("a")) };
        await load.AdvanceAsync(TimeSpan.FromSeconds(3));
        await Task.WhenAll(both);

        Assert.Equal([1.5, 1.5], meter.ValuesOf("gen_ai.client.operation.duration"));
        Assert.Equal([0, 1.5], meter.ValuesOf("serverlessai.provider.queue.duration"));
    }

    [Fact]
    public async Task Queues_and_circuits_can_be_watched()
    {
        await using var load = await LoadWorld.StartAsync(("Providers:Concurrency", "2"), ("Providers:Circuit:MinimumCalls", "2"));
        using var meter = new Reader(load.World);
        load.MakeA(load.After(TimeSpan.FromSeconds(1), OpenAIStandIn.Error(500, "server_error", null, "No.")));
        var all = Enumerable.Range(0, 5).Select(_ => load.Send("ann", TextModel("a"))).ToList();

        await load.AdvanceAsync(TimeSpan.Zero);
        var busy = meter.Look();
        await load.AdvanceAsync(TimeSpan.FromSeconds(2));
        var open = meter.Look();
        await load.AdvanceAsync(TimeSpan.FromSeconds(15));

        Assert.Equal((2, 3, 0), busy);
        Assert.Equal((0, 0, 2), open);
        Assert.Equal((0, 0, 1), meter.Look());
        Assert.Equal(["a:unavailable", "a:unavailable"], (await Task.WhenAll(all)).Take(2).Select(one => one.Trail));
    }

    /// <summary>Reads the meter of one world, which others in this process have, too.</summary>
    private sealed class Reader : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly Lock gate = new();
        private readonly List<(string Name, string Tags, double Value)> read = [];

        public Reader(ProviderWorld world)
        {
            world.Get<ProviderMetrics>();
            world.Get<ProviderGates>();
            var meters = world.Get<IMeterFactory>();
            listener.InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == ProviderMetrics.MeterName && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.Start();
        }

        public IEnumerable<string> Of(string prefix) => Read(prefix).Select(one => $"{one.Name} {one.Tags}");

        public IEnumerable<double> ValuesOf(string name) => Read(name).Select(one => one.Value);

        /// <summary>Calls under way, requests waiting, and the circuit of the only model.</summary>
        public (int InUse, int Waiting, int Circuit) Look()
        {
            lock (gate)
            {
                read.Clear();
            }

            listener.RecordObservableInstruments();
            return (Single("serverlessai.provider.active_requests"), Single("serverlessai.provider.queued_requests"), Single("serverlessai.provider.circuit.state"));
        }

        public void Dispose() => listener.Dispose();

        private int Single(string name) => (int)Assert.Single(ValuesOf(name));

        private List<(string Name, string Tags, double Value)> Read(string prefix)
        {
            lock (gate)
            {
                return [.. read.Where(one => one.Name.StartsWith(prefix, StringComparison.Ordinal))];
            }
        }

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            lock (gate)
            {
                read.Add((instrument.Name, string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")), value));
            }
        }
    }
}
