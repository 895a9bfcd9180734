using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Primitives;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Simulation;

/// <summary>A command that was given to an account, and the answer that it got in the end.</summary>
internal sealed record Answered(string AccountId, Command Command, Outcome Outcome);

/// <summary>
/// Two instances of the account store over one simulated storage, two accounts, and commands drawn from a seed, a few at a time. A command that storage
/// does not take is given again, by the same instance or the other, until it is answered. In between the calendar moves on, over the end of a month.
/// </summary>
internal sealed class MoneyRun
{
    private const int CommandsLimit = 60;
    private const int AttemptsLimit = 60;
    private const double FaultShare = 0.1;
    private static readonly string[] Accounts = ["ann", "bob"];

    private static readonly PlanBook Plans = new("free", new Dictionary<string, PlanLimits>(StringComparer.Ordinal)
    {
        ["free"] = new() { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 8, FreeImagesPerDay = 1, TokensPerDay = 20_000 },
    });

    private readonly Random random;
    private readonly TestClock clock = new();
    private readonly AccountStore[] instances;
    private readonly SpendReconciler reconciler;
    private readonly List<PlatformSpend> spends = [];
    private readonly List<(string AccountId, string OperationId)> reserved = [];
    private readonly List<(string AccountId, Command Command)> given = [];
    private readonly ConcurrentQueue<Answered> answered = new();
    private int operations;

    public MoneyRun(int seed)
    {
        random = new Random(seed);
        Faults = new SeededFaults(seed, FaultShare);
        Storage = new SimulatedStorage(clock, new SimulatedStorageOptions(PageLimit: 40, EmptyPages: true)) { Faults = Faults.Choose };
        instances = [NewInstance(clock), NewInstance(new LaggingClock(clock))];
        reconciler = new SpendReconciler(instances[0], new ActiveIndex(Tables()), spends[0], new PlatformUse(Tables(), new RandomIds()), clock, NullLogger<SpendReconciler>.Instance);
        // Late on the last day of a month, so that day and month end within the run.
        clock.Advance(new DateTimeOffset(2040, 5, 31, 20, 0, 0, TimeSpan.Zero) - TestClock.Start);
    }

    public SimulatedStorage Storage { get; }

    public SeededFaults Faults { get; }

    public IReadOnlyList<string> AccountIds => Accounts;

    public IReadOnlyCollection<Answered> Answers => answered;

    public async Task RunAsync()
    {
        for (var commands = 0; commands < CommandsLimit;)
        {
            var group = Enumerable.Range(0, random.Next(1, 7)).Select(_ => Draw()).ToList();
            commands += group.Count;
            // Every draw comes before the first await: what runs at once must not decide what is drawn.
            var tasks = group.Select(one => (one, Seed: random.Next())).Select(run => ExecuteAsync(run.one.AccountId, run.one.Command, new Random(run.Seed))).ToList();
            await Task.WhenAll(tasks);
            clock.Advance(TimeSpan.FromMinutes(random.Next(4) == 0 ? random.Next(40) : random.Next(3)));
        }

        Faults.Calm();
        await Storage.LateArrivalsAsync();
        foreach (var spend in spends)
        {
            await spend.FlushAsync(CancellationToken.None);
        }

        await reconciler.ReconcileAsync(CancellationToken.None);
    }

    private async Task ExecuteAsync(string accountId, Command command, Random choices)
    {
        var instance = choices.Next(instances.Length);
        for (var attempt = 0; attempt < AttemptsLimit; attempt++)
        {
            var outcome = await instances[instance].ExecuteAsync(accountId, command);
            if (outcome is not Refused { Refusal.Code: RefusalCodes.StorageUnavailable or RefusalCodes.AccountBusy })
            {
                answered.Enqueue(new Answered(accountId, command, outcome));
                if (outcome is Admitted)
                {
                    lock (reserved)
                    {
                        reserved.Add((accountId, command.OperationId));
                    }
                }

                return;
            }

            // Sometimes the instance that gave up is gone, and the other one carries on.
            instance = choices.Next(4) == 0 ? 1 - instance : instance;
        }

        throw new InvalidOperationException($"{command.GetType().Name} {command.OperationId} of {accountId} got no answer in {AttemptsLimit} attempts.");
    }

    private (string AccountId, Command Command) Draw()
    {
        // A twelfth repeats an earlier command as it was, as an impatient caller or a redelivered message does.
        if (given.Count > 0 && random.Next(12) == 0)
        {
            return given[random.Next(given.Count)];
        }

        var accountId = Accounts[random.Next(Accounts.Length)];
        var kind = random.Next(100);
        if (kind is >= 35 and < 70 && DrawReserved() is { } operation)
        {
            return Remember(operation.AccountId, kind < 58 ? Settle(operation.OperationId) : Release(operation.OperationId));
        }

        var id = string.Create(CultureInfo.InvariantCulture, $"op{++operations}");
        return kind switch
        {
            < 70 => (accountId, Reserve(id)),
            < 82 => Remember(accountId, Grant(id)),
            < 90 => Remember(accountId, new Deduct(id, random.Next(1, 3_000_000), "test")),
            _ => (accountId, new Sweep()),
        };
    }

    // Sorted, because the order of the answers is not part of the seed.
    private (string AccountId, string OperationId)? DrawReserved()
    {
        var sorted = reserved.Order().ToList();
        return sorted.Count == 0 ? null : sorted[random.Next(sorted.Count)];
    }

    private (string AccountId, Command Command) Remember(string accountId, Command command)
    {
        given.Add((accountId, command));
        return (accountId, command);
    }

    private Reserve Reserve(string id)
    {
        var offer = random.Next(2) == 0
            ? World.ImageOffer("premium", random.Next(1, 4), freeQuota: random.Next(2) == 0, 0.08m, isStandard: false)
            : World.TextOffer(random.Next(100, 1_000), random.Next(100, 2_000), creditsPerMillion: 1_000);
        var kind = offer.OutputTokens == 0 ? WorkKind.Image : WorkKind.Text;
        return new Reserve(id, kind, [offer], Plans, TimeSpan.FromMinutes(5), PlatformOverBudget: false);
    }

    // Now and then more than was held: the rest is taken from the balance or borne.
    private Settle Settle(string id) =>
        new(id, random.Next(0, 4_000_000), random.Next(50_000_000, 100_000_000), World.Facts(tokens: random.Next(3) * 250)) { UncertainCostNanoUsd = random.Next(3) * 25_000_000 };

    private Release Release(string id) => new(id, "test", CostNanoUsd: 2_000) { UncertainCostNanoUsd = random.Next(3) * 1_000 };

    private Grant Grant(string id) => new(id, random.Next(2) == 0 ? GrantKind.Purchase : GrantKind.Promotion, random.Next(1, 5_000_000), "test")
    {
        Priority = random.Next(3),
        ExpiresAt = random.Next(3) == 0 ? clock.GetUtcNow().AddMinutes(random.Next(10, 120)) : null,
    };

    private AccountStore NewInstance(TimeProvider time)
    {
        var tables = Tables();
        var accounts = Options.Create(new AccountOptions { PatienceMs = 5 });
        spends.Add(new PlatformSpend(tables, time, new RandomIds(), Options.Create(new BudgetOptions()), NullLogger<PlatformSpend>.Instance));
        return new AccountStore(tables, new ActiveIndex(tables), new Members(tables, clock), new Outbox(tables, new RandomIds()), spends[^1], new PlatformUse(tables, new RandomIds()), time, new BriefPauses(), accounts, NullLogger<AccountStore>.Instance);
    }

    private ServerlessAi.Storage.Tables Tables()
    {
        var options = Options.Create(new StorageOptions { ConnectionString = SimulatedStorage.ConnectionString });
        return new ServerlessAi.Storage.Tables(options, new StorageConnection(options, Storage), clock);
    }

    /// <summary>An instance's clock may be minutes behind another's.</summary>
    private sealed class LaggingClock(TimeProvider clock) : TimeProvider
    {
        private static readonly TimeSpan Lag = TimeSpan.FromSeconds(90);

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() - Lag;
    }

    /// <summary>Nothing here needs an id; pauses are as short as they get.</summary>
    private sealed class BriefPauses : IIdSource
    {
        public string NewOperationId() => throw new NotSupportedException();

        public string NewSecret(int bytes) => throw new NotSupportedException();

        public double NextJitter() => 0;
    }
}
