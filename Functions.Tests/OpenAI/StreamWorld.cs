using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Resilience;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Providers;
using ServerlessAi.Tests.Providers.VendorTable;

namespace ServerlessAi.Tests.OpenAI;

/// <summary>One stream through the app's chain and an adapter, with a caller who may leave and an app that may stop. Time passes when a test says so.</summary>
internal sealed class StreamWorld : IAsyncDisposable
{
    private readonly Vendor vendor;
    private readonly ProviderWorld world;
    private readonly CancellationTokenSource leaving = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly StringBuilder said = new();
    private ChatRelay? relay;
    private int nextPlace;
    private DateTimeOffset nextAt;

    private StreamWorld(Vendor vendor, VendorStandIn standIn, ProviderWorld world) => (this.vendor, Vendor, this.world) = (vendor, standIn, world);

    public VendorStandIn Vendor { get; }

    public ManualTime Time => world.Time;

    public int FirstWord => vendor.FirstWord;

    public IEnumerable<ModelHealth> TroubledModels => world.Get<ProviderGates>().Look([vendor.Provider]).SelectMany(one => one.Models);

    public static async Task<StreamWorld> StartAsync(string name, params (string, string?)[] settings)
    {
        var asked = Vendors.All.Single(one => one.Name == name);
        var own = await asked.Start();
        // One failure would open a circuit, if it were one.
        (string, string?)[] strict = [("Providers:Circuit:MinimumCalls", "2"), ("Providers:Circuit:FailureRatio", "0.1")];
        return new StreamWorld(asked, own, await ProviderWorld.StartAsync(settings: [.. asked.Settings(own), .. strict, .. settings]));
    }

    public Task<ChainResult<ChatResult>> Run(Func<StreamScript, StreamScript> change, string text = "one two three four five")
    {
        StreamScript script = vendor.Stream is AnthropicStream ? AnthropicStream.Of(text) : OpenAIStream.Of(text, new StandInUsage());
        Vendor.Script(model: null, change(script).ToBehaviour(), script.ToBehaviour());
        var options = world.Get<IOptions<ProviderOptions>>().Value;
        relay = new ChatRelay(SendAsync, options.Stream, TimeSpan.FromMilliseconds(options.TotalTimeoutMs), Time, leaving.Token, stopping.Token);
        var (chosen, second) = (ProviderWorld.TextModel("chosen", vendor.Provider), ProviderWorld.TextModel("second", vendor.Provider));
        return world.Chain.RunAsync(
            new PricedModel(chosen, chosen.Prices[0]), new Catalog([chosen, second], CatalogSource.Stored), "ann",
            (_, token) => world.Registry.Text(vendor.Provider)!.ForwardAsync(Call(), token), () => Task.FromResult(relay.MayAskAnother));
    }

    /// <summary>The vendor takes this long for each event.</summary>
    public StreamScript Paced(StreamScript script, TimeSpan every) => script with
    {
        Pace = async (place, token) =>
        {
            var delay = Task.Delay(every, Time, token);
            (nextPlace, nextAt) = (place, Time.GetUtcNow() + every);
            await delay;
        },
    };

    public Task SaidAsync(string words) => PlayUntilAsync(() => relay!.SentTextBytes >= words.Length && said.ToString() == words);

    public Task LeaveAsync() => leaving.CancelAsync();

    public Task StopAsync() => stopping.CancelAsync();

    /// <summary>Lets time pass, and tells whether the stream is over then.</summary>
    public async Task<bool> EndsAsync(Task running, int within)
    {
        Time.Advance(TimeSpan.FromMilliseconds(within));
        // What is right does not end however long this waits; the pause can only let a mistake pass.
        await Task.WhenAny(running, Task.Delay(100));
        return running.IsCompleted;
    }

    /// <summary>Lets time pass from one event to the next, as long as the stream lasts.</summary>
    public async Task<ChainResult<ChatResult>> PlayAsync(Task<ChainResult<ChatResult>> running)
    {
        await PlayUntilAsync(() => running.IsCompleted);
        return await running;
    }

    public async ValueTask DisposeAsync()
    {
        relay?.Dispose();
        leaving.Dispose();
        stopping.Dispose();
        await world.DisposeAsync();
        await Vendor.DisposeAsync();
    }

    // Moves the clock only while the vendor waits for it and all that it said before has arrived.
    private async Task PlayUntilAsync(Func<bool> isThere)
    {
        while (!isThere() && !relay!.Life.IsCancellationRequested)
        {
            await Wait.UntilAsync(() => isThere() || IsWaiting, "the stream came to its next event");
            if (!isThere())
            {
                Time.Advance(Time.NextDue!.Value - Time.GetUtcNow());
            }
        }
    }

    private bool IsWaiting => nextAt > Time.GetUtcNow() && (relay!.IsClientGone || said.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries).Length >= nextPlace - FirstWord);

    private ValueTask SendAsync(ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        said.Append(JsonNode.Parse(json.Span)!["choices"]![0]!["delta"]!["content"]?.GetValue<string>());
        return ValueTask.CompletedTask;
    }

    private ChatCall Call()
    {
        var body = new JsonObject { ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Count." }) };
        return new ChatCall(vendor.VendorModel, ChatBody.For(body, vendor.VendorModel, 100, stream: true), 100, InputTokens: 3) { Relay = relay };
    }
}
