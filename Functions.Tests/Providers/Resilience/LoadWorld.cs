using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Resilience;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;
using static ServerlessAi.Tests.Providers.ProviderWorld;

namespace ServerlessAi.Tests.Providers.Resilience;

/// <summary>One request, from when it was sent until its answer.</summary>
internal sealed record Answered(ChainResult<TextResult> Result, TimeSpan Took)
{
    public string Trail => string.Join(' ', Result.Attempts.Select(attempt => $"{attempt.Model}:{attempt.Outcome}"));
}

/// <summary>
/// The app's chain over two vendors, A (openai) and B (acme), under load. Time stands still until all that can happen has happened: each request has its
/// answer, waits in a queue, or is with a vendor that takes its time.
/// </summary>
internal sealed class LoadWorld : IAsyncDisposable
{
    public const string A = "openai";
    public const string B = "acme";

    private readonly ProviderWorld world;
    private readonly CompatibleStandIn acme;
    private readonly Lock gate = new();
    private readonly List<Task> sent = [];
    private readonly List<DateTimeOffset> held = [];
    private int calls;
    private int begun;
    private int arrived;

    private LoadWorld(ProviderWorld world, CompatibleStandIn acme) => (this.world, this.acme) = (world, acme);

    public ManualTime Time => world.Time;

    public ProviderWorld World => world;

    /// <summary>When A was called, for which model.</summary>
    public List<(DateTimeOffset At, string Model)> CallsOfA { get; } = [];

    public static async Task<LoadWorld> StartAsync(params (string Name, string? Value)[] settings)
    {
        var b = await CompatibleStandIn.StartAsync();
        (string, string?)[] own = [("Providers:Text:acme:BaseUrl", b.Address), ("Providers:Text:acme:ApiKey", CompatibleStandIn.ApiKey)];
        var load = new LoadWorld(await ProviderWorld.StartAsync(settings: [.. own, .. settings]), b);
        load.MakeA(load.After(TimeSpan.Zero));
        load.acme.Script(model: null, load.After(TimeSpan.Zero));
        return load;
    }

    public ProviderHealth HealthOf(string provider) => world.Get<ProviderGates>().Look([provider])[0];

    /// <summary>What A does from now on, with any of its models.</summary>
    public void MakeA(Behaviour behaviour) => world.OpenAI.Script(model: null, behaviour);

    /// <summary>A vendor that takes this long, and then does something.</summary>
    public Behaviour After(TimeSpan service, Behaviour? then = null) => new(async (context, succeed) =>
    {
        var delay = service > TimeSpan.Zero ? Task.Delay(service, Time, context.RequestAborted) : Task.CompletedTask;
        Arrive(service);
        await delay;
        await (then ?? Behaviour.Success).Run(context, succeed);
    });

    /// <summary>A vendor that never answers.</summary>
    /// <param name="timeout">When its callers give up.</param>
    public Behaviour Hang(TimeSpan timeout) => new((context, _) =>
    {
        Arrive(timeout);
        return Task.Delay(Timeout.Infinite, context.RequestAborted);
    });

    /// <summary>Sends a request for the first model; the others may take its place.</summary>
    public Task<Answered> Send(string account, params ModelEntry[] models)
    {
        var answer = SendAsync(account, models);
        lock (gate)
        {
            sent.Add(answer);
        }

        return answer;
    }

    public async Task AdvanceAsync(TimeSpan by)
    {
        var target = Time.GetUtcNow() + by;
        while (true)
        {
            await Wait.UntilAsync(IsStill, "nothing moved any more");
            var now = Time.GetUtcNow();
            if (now >= target)
            {
                return;
            }

            Time.Advance((Time.NextDue is { } due && due < target ? due : target) - now);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await world.DisposeAsync();
        await acme.DisposeAsync();
    }

    private async Task<Answered> SendAsync(string account, ModelEntry[] models)
    {
        var sentAt = Time.GetUtcNow();
        var catalog = new Catalog([.. models], CatalogSource.Stored);
        var result = await world.Chain.RunAsync(new PricedModel(models[0], models[0].Prices[0]), catalog, account, CallAsync);
        return new Answered(result, Time.GetUtcNow() - sentAt);
    }

    private async Task<ProviderOutcome<TextResult>> CallAsync(ModelEntry model, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            begun++;
            calls++;
            if (model.Provider == A)
            {
                CallsOfA.Add((Time.GetUtcNow(), model.Id));
            }
        }

        try
        {
            return await world.Registry.Text(model.Provider)!.CompleteAsync(new TextCall(model.ModelName, "Say hello.", 100, Temperature: null), cancellationToken);
        }
        finally
        {
            lock (gate)
            {
                calls--;
            }
        }
    }

    private void Arrive(TimeSpan stays)
    {
        lock (gate)
        {
            arrived++;
            held.Add(Time.GetUtcNow() + stays);
        }
    }

    // A call whose time is over is on its way back, and so is one that its vendor answers at once.
    private bool IsStill()
    {
        lock (gate)
        {
            var now = Time.GetUtcNow();
            held.RemoveAll(until => until <= now);
            sent.RemoveAll(answer => answer.IsCompleted);
            return arrived == begun && calls == held.Count && sent.Count == calls + HealthOf(A).Waiting + HealthOf(B).Waiting;
        }
    }
}
