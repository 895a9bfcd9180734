using System.Globalization;
using ServerlessAi.Simulation.Books;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Vendors;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Time;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>Everything there is in one run, made from a seed: time, storage, vendors, machines, and the people who send requests.</summary>
internal sealed class World
{
    private const ulong FnvOffset = 14_695_981_039_346_656_037;
    private const ulong FnvPrime = 1_099_511_628_211;

    private readonly List<Instance> instances = [];
    private readonly Action<string>? trace;
    private readonly Random chance;
    private int machines;

    /// <param name="trace">Gets a line for all that happens; null for nobody.</param>
    public World(int seed, Action<string>? trace = null)
    {
        this.trace = trace;
        Plan = WorldPlan.Of(seed);
        chance = Random("world");
        Time = new VirtualTime(Plan.Start);
        Weather = new StorageWeather(Plan, Time, Random("weather"));
        Everything = new SimulatedStorage(Time, new SimulatedStorageOptions(PageLimit: 20, EmptyPages: true));
        Storage = Everything.Connect(ChooseFault);
        Vendors = new VendorRow(this);
        Letterbox = new Letterbox(this);
        Stripe = Plan.TakesStripe ? new StripeTill(this) : null;
        Books = new Bookkeeper(this);
    }

    public WorldPlan Plan { get; }

    public VirtualTime Time { get; }

    public StorageWeather Weather { get; }

    /// <summary>The storage as the app's machines reach it.</summary>
    public SimulatedStorage Storage { get; }

    /// <summary>The same storage, always well, and without delay: for looking into it.</summary>
    public SimulatedStorage Everything { get; }

    public VendorRow Vendors { get; }

    public Letterbox Letterbox { get; }

    /// <summary>Null in a world without it.</summary>
    public StripeTill? Stripe { get; }

    public Bookkeeper Books { get; }

    public List<Exchange> Exchanges { get; } = [];

    public List<string> Violations { get; } = [];

    public int Crashes { get; private set; }

    public Coverage Coverage { get; } = new();

    public IReadOnlyList<Instance> Alive => [.. instances.Where(instance => instance.Machine.IsAlive)];

    /// <summary>A fingerprint of everything that happened, in its order: two runs of a seed must agree in it.</summary>
    public ulong Digest { get; private set; } = FnvOffset;

    /// <summary>A source of chance for one purpose, so that a change in one place does not change what happens everywhere.</summary>
    public Random Random(string purpose)
    {
        var hash = FnvOffset;
        foreach (var unit in purpose)
        {
            hash = (hash ^ unit) * FnvPrime;
        }

        return new Random((int)(hash & int.MaxValue) ^ Plan.Seed * 7_919);
    }

    public void Note(FormattableString happened)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{Time.Elapsed.TotalMilliseconds:F3} {happened.ToString(CultureInfo.InvariantCulture)}");
        foreach (var unit in line)
        {
            Digest = (Digest ^ unit) * FnvPrime;
        }

        trace?.Invoke(line);
    }

    /// <summary>Something to read in a trace that is not part of what must repeat: exceptions name lines of code.</summary>
    public void Trace(FormattableString said) => trace?.Invoke(said.ToString(CultureInfo.InvariantCulture));

    public void Violate(string what)
    {
        Note($"VIOLATION {what}");
        Violations.Add(what);
    }

    public async Task<Instance> StartInstanceAsync(TimeSpan skew)
    {
        var machine = new Machine(++machines, new InstanceClock(Time, skew));
        Note($"machine {machine.Number} starts, {skew.TotalSeconds:F0} s ahead");
        var instance = await Instance.StartAsync(this, machine);
        instances.Add(instance);
        return instance;
    }

    /// <summary>Sends a request to a machine, and keeps what came of it.</summary>
    /// <param name="leaving">Fires when the sender does not wait any longer.</param>
    public async Task<Reply?> SendAsync(Instance to, Exchange exchange, CancellationToken leaving = default)
    {
        Exchanges.Add(exchange);
        exchange.Machine = to.Machine.Number;
        exchange.SentAt = Time.GetUtcNow();
        // The app would invent an id, and refusals show it.
        exchange.Headers["x-request-id"] = string.Create(CultureInfo.InvariantCulture, $"request-{exchange.Number}");
        Note($"{exchange.Number} {exchange.User} to {to.Machine.Number}: {exchange.Method} {exchange.Path} {exchange.Key} {exchange.Body}");
        Exchange.Current = exchange;
        exchange.Reply = await to.SendAsync(exchange, leaving);
        Exchange.Current = null;
        exchange.EndedAt = Time.GetUtcNow();
        exchange.LastBeforeItsEnd = Exchanges.Count;
        Note($"{exchange.Number} got {exchange.Reply?.Status} {exchange.Reply?.Code} {exchange.Reply?.Text}");
        if (exchange.Reply is { IsPending: true } pending)
        {
            exchange.IsChargePromised = await Books.IsEndKeptAsync(exchange, pending.OperationId);
            if (Plan.HasCrashes && chance.Next(2) == 0)
            {
                // The worst moment: all that this machine still remembers is gone.
                to.Machine.Die();
                CountCrash();
            }
        }

        if (exchange.Reply is { Status: 500 })
        {
            Violate($"An internal error: {exchange}.");
        }

        return exchange.Reply;
    }

    public void CountCrash() => Crashes++;

    /// <summary>All is well from now on.</summary>
    public void Calm()
    {
        Weather.Calm();
        Vendors.Calm();
        Letterbox.Calm();
        Stripe?.Calm();
    }

    /// <summary>Ends all machines and frees what they keep in this process.</summary>
    public async Task EndAsync()
    {
        foreach (var instance in instances)
        {
            instance.Machine.Die();
            await instance.DisposeAsync();
        }
    }

    private Fault ChooseFault(SimulatedRequest request)
    {
        var fault = Weather.Choose(request);
        Note($"storage {request.Method} {request.Table} {request.Partition} {(request.IsTransaction ? "transaction" : "")} {fault.Kind}");
        return fault;
    }
}
