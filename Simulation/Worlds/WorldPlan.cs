using System.Globalization;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>What kind of world a seed makes: when it begins, how many machines it has, and which troubles it knows. Not every world has every trouble.</summary>
internal sealed record WorldPlan
{
    private static readonly DateTimeOffset[] Beginnings =
    [
        new(2040, 5, 16, 12, 0, 0, TimeSpan.Zero),
        new(2040, 5, 16, 23, 58, 0, TimeSpan.Zero),
        // The end of a month, of a year, and of a leap February.
        new(2040, 5, 31, 23, 58, 30, TimeSpan.Zero),
        new(2040, 12, 31, 23, 58, 30, TimeSpan.Zero),
        new(2040, 2, 28, 23, 58, 30, TimeSpan.Zero),
        new(2040, 2, 29, 23, 58, 30, TimeSpan.Zero),
    ];

    private WorldPlan(int seed) => Seed = seed;

    public int Seed { get; }

    public required DateTimeOffset Start { get; init; }

    public required int Machines { get; init; }

    public required int Users { get; init; }

    /// <summary>Share of storage requests that go wrong on their way.</summary>
    public required double StorageTroubleShare { get; init; }

    /// <summary>Share of writes in a conflict storm that somebody else precedes.</summary>
    public required double ConflictShare { get; init; }

    /// <summary>Share of provider calls that do not simply succeed.</summary>
    public required double ProviderTroubleShare { get; init; }

    public required bool HasOutages { get; init; }

    public required bool HasCrashes { get; init; }

    public required bool HasWrongClocks { get; init; }

    /// <summary>How often each timer is run by hand: never, now and then, or all the time and twice at once.</summary>
    public required int TimerEagerness { get; init; }

    public required IReadOnlyDictionary<string, string?> Settings { get; init; }

    /// <summary>Payments go through Stripe; else through the page of the simulated gateway.</summary>
    public required bool TakesStripe { get; init; }

    /// <summary>Some share an account.</summary>
    public required bool HasTeam { get; init; }

    /// <summary>Somebody wants to be forgotten.</summary>
    public required bool HasLeaver { get; init; }

    /// <summary>Users are told of alerts at addresses of their own.</summary>
    public required bool HasListeners { get; init; }

    /// <summary>Where there is a team, its founder wants to be forgotten.</summary>
    public required bool HasFounderWhoLeaves { get; init; }

    public int ConcurrentJobs => int.Parse(Settings["Plans:Items:free:ConcurrentJobs"]!, CultureInfo.InvariantCulture);

    public int FreeImagesPerDay => int.Parse(Settings["Plans:Items:free:FreeImagesPerDay"]!, CultureInfo.InvariantCulture);

    public static WorldPlan Of(int seed)
    {
        var random = new Random(seed);
        return new WorldPlan(seed)
        {
            Start = Beginnings[random.Next(Beginnings.Length)],
            Machines = random.Next(1, 4),
            Users = random.Next(1, 4),
            StorageTroubleShare = random.Next(3) == 0 ? 0 : random.NextDouble() * 0.12,
            ConflictShare = random.Next(3) == 0 ? 0.8 : 0,
            ProviderTroubleShare = random.Next(4) == 0 ? 0 : random.NextDouble() * 0.6,
            HasOutages = random.Next(3) == 0,
            HasCrashes = random.Next(2) == 0,
            HasWrongClocks = random.Next(2) == 0,
            TimerEagerness = random.Next(3),
            Settings = ForAllPlans(SettingsOf(random)),
            TakesStripe = random.Next(2) == 0,
            HasTeam = random.Next(3) == 0,
            HasLeaver = random.Next(3) == 0,
            HasListeners = random.Next(2) == 0,
            HasFounderWhoLeaves = random.Next(3) > 0,
        };
    }

    private static Dictionary<string, string?> SettingsOf(Random random) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["Plans:Items:free:SpacingMs"] = Pick(random, "0", "0", "800"),
        ["Plans:Items:free:ConcurrentJobs"] = Pick(random, "1", "2", "8"),
        ["Plans:Items:free:FreeImagesPerDay"] = Pick(random, "0", "1", "3"),
        ["Plans:Items:free:TokensPerDay"] = Pick(random, "4000", "200000"),
        ["Plans:Items:free:MonthlyCapUsd"] = Pick(random, "0.2", "100"),
        ["Credits:SignUp"] = Pick(random, "0", "2", "10"),
        ["Budget:MonthlyUsd"] = Pick(random, "", "0.3"),
        ["Budget:HardUsd"] = Pick(random, "", "", "0.8"),
        // Whatever was given again once is renewed at the next run of the timer.
        ["Cache:WarmMonthlyUsd"] = Pick(random, "0", "0.02", "5"),
        ["Cache:WarmMinHits"] = "1",
        ["Cache:WarmAheadMinutes"] = "1440",
    };

    // Plans of the worlds differ in credits, models and what they allow of a provider; what the audit counts by is the same for all.
    private static Dictionary<string, string?> ForAllPlans(Dictionary<string, string?> settings)
    {
        foreach (var (plan, limit) in from plan in (string[])["starter", "basic", "pro"] from limit in (string[])["SpacingMs", "ConcurrentJobs", "FreeImagesPerDay", "TokensPerDay", "MonthlyCapUsd"] select (plan, limit))
        {
            settings[$"Plans:Items:{plan}:{limit}"] = settings[$"Plans:Items:free:{limit}"];
        }

        return settings;
    }

    private static string Pick(Random random, params ReadOnlySpan<string> choices) => choices[random.Next(choices.Length)];
}
