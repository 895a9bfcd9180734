using System.Globalization;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.Books;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Time;

namespace ServerlessAi.Simulation.Runs;

/// <summary>What one seed came to.</summary>
internal sealed record RunResult(int Seed, IReadOnlyList<string> Violations, ulong Digest)
{
    public long StorageRequests { get; init; }

    public int Requests { get; init; }

    public int ProviderCalls { get; init; }

    public int Crashes { get; init; }

    public long StorageFaults { get; init; }

    public double VirtualHours { get; init; }

    /// <summary>How often each thing worth seeing happened.</summary>
    public required IReadOnlyDictionary<string, long> Coverage { get; init; }
}

/// <summary>One world from its beginning to the audit at its end.</summary>
internal static class Run
{
    /// <summary>Longer than any lease, and than any clock is wrong.</summary>
    private static readonly TimeSpan EveryLease = TimeSpan.FromMinutes(12);

    /// <summary>A world that lives longer than this hangs.</summary>
    private static readonly TimeSpan TimeLimit = TimeSpan.FromHours(24);

    private static readonly string[] LastTimers =
        ["sweep-holds", "renew-subscriptions", "settle-orders", "settle-orders", "reset-quotas", "erase-accounts", "erase-accounts", "deliver-notifications", "deliver-notifications", "deliver-notifications"];

    private static readonly string[] Shoppers = ["shopper0", "shopper1"];

    /// <param name="trace">Gets a line for all that happens; null for nobody.</param>
    public static RunResult Of(int seed, Action<string>? trace = null)
    {
        var world = new World(seed, trace);
        try
        {
            Conductor.Run(world.Time, TimeLimit, () => LiveAsync(world));
        }
        catch (Exception exception)
        {
            // Whatever it is, it belongs to the seed.
            world.Violate($"The world broke: {exception}");
        }

        return new RunResult(seed, [.. world.Violations], world.Digest)
        {
            Coverage = world.Coverage.Counts,
            StorageRequests = world.Everything.Requests,
            Requests = world.Exchanges.Count,
            ProviderCalls = world.Vendors.Calls.Count,
            Crashes = world.Crashes,
            StorageFaults = world.Weather.Count.Where(pair => pair.Key != FaultKind.None).Sum(pair => (long)pair.Value),
            VirtualHours = world.Time.Elapsed.TotalHours,
        };
    }

    private static async Task LiveAsync(World world)
    {
        var random = world.Random("fate");
        for (var machine = 0; machine < world.Plan.Machines; machine++)
        {
            await world.StartInstanceAsync(Fate.Skew(world.Plan, random));
        }

        var users = Enumerable.Range(0, world.Plan.Users).Select(number => string.Create(CultureInfo.InvariantCulture, $"user{number}")).ToList();
        var fate = new Fate(world, random);
        var troubles = Task.WhenAll(fate.RunAsync(), world.Weather.ChangeAsync());
        var people = users.Select(user => new User(world, user, world.Random(user))).ToList();
        var shoppers = Shoppers.Select(name => new Shopper(world, name, Shoppers.First(other => other != name), world.Random(name)).LiveAsync()).ToList();
        var others = Others(world, users).ToList();
        await Task.WhenAll(people.Select(user => user.LiveAsync()).Append(new Admin(world, users, world.Random("admin")).LiveAsync()).Concat(shoppers).Concat(others).ToList());
        await fate.LiveOnAsync();
        fate.End();
        await LastRequestsAsync(world, people, random);
        world.Calm();
        await troubles;
        await RecoverAsync(world);
        await new FinalAudit(world, [.. users, .. Shoppers, Team.Account, Team.Owner, .. Team.Members, Leaver.Name, SystemAccounts.WarmCache, SystemAccounts.Estate]).CheckAsync();
        world.Exchanges.ForEach(world.Coverage.Add);
        world.Coverage.Add(world.Weather);
        await world.EndAsync();
    }

    private static IEnumerable<Task> Others(World world, IReadOnlyList<string> users)
    {
        foreach (var user in world.Plan.HasListeners ? users.Concat(Shoppers) : [])
        {
            yield return new Listener(world, user, world.Random("listener " + user)).LiveAsync();
        }

        if (world.Plan.HasTeam)
        {
            yield return new Team(world, Shoppers[1]).LiveAsync();
        }

        if (world.Plan.HasLeaver)
        {
            yield return new Leaver(world, Shoppers[0], world.Random(Leaver.Name)).LiveAsync();
        }

        if (world.Stripe is { } till)
        {
            yield return new Bank(world, till, world.Random("bank")).LiveAsync();
        }
    }

    /// <summary>One machine takes a last request from everybody and dies of it, and those who remain know nothing of what it left behind.</summary>
    private static async Task LastRequestsAsync(World world, IEnumerable<User> people, Random random)
    {
        if (world.Plan.HasCrashes && world.Alive is [_, .., var doomed])
        {
            doomed.Machine.DieAfter(random.Next(4, 30));
            await Task.WhenAll(people.Select(user => user.AskAsync(doomed)).ToList());
            doomed.Machine.Die();
        }
    }

    /// <summary>All is well again, and the app has the time and the timers that it needs to put its books in order.</summary>
    private static async Task RecoverAsync(World world)
    {
        foreach (var instance in world.Alive)
        {
            instance.Machine.Survive();
            instance.Machine.Clock.Skew = TimeSpan.Zero;
        }

        var survivor = world.Alive.Count > 0 ? world.Alive[0] : await world.StartInstanceAsync(TimeSpan.Zero);
        await Task.Delay(EveryLease, world.Time);
        await world.Everything.LateArrivalsAsync();
        await DeliverEventsAsync(world);
        await RunTimersAsync(world, survivor, LastTimers);

        // What the timers charged is told, too, and may leave something to do.
        await DeliverEventsAsync(world);
        await RunTimersAsync(world, survivor, "settle-orders", "reconcile-spend");
    }

    // They are only begun by whoever calls them.
    private static async Task RunTimersAsync(World world, Instance survivor, params IEnumerable<string> timers)
    {
        foreach (var timer in timers)
        {
            await Fate.RunTimerAsync(world, survivor, timer);
            await Task.Delay(TimeSpan.FromSeconds(90), world.Time);
        }
    }

    private static Task DeliverEventsAsync(World world) => world.Stripe?.Post.DeliverAllAsync() ?? Task.CompletedTask;
}
