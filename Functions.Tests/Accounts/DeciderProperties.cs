using FsCheck;
using FsCheck.Fluent;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

/// <summary>Whatever commands an account gets, in whatever order and with whatever clock, these hold after every one of them.</summary>
public sealed class DeciderProperties
{
    private const int Runs = 400;

    [Fact]
    public void The_ledger_adds_up_to_what_is_available_and_held() => Always(world =>
        world.Ledger.Sum(entry => entry.AmountMicro) == world.State.BalanceMicro
        && world.State.BalanceMicro == world.State.Grants.Sum(grant => grant.RemainingMicro) + world.State.HeldMicro);

    [Fact]
    public void Nothing_is_ever_negative() => Always(world =>
        world.State.Grants.All(grant => grant.RemainingMicro >= 0)
        && world.State.Holds.All(hold => hold.HeldMicro >= 0)
        && world.Ledger.All(entry => entry.BalanceMicro >= 0)
        && world.State.Days.All(day => day is { FreeImagesHeld: >= 0, TokensHeld: >= 0, FreeImagesUsed: >= 0 })
        && world.State.Months.All(month => month is { CostHeldNanoUsd: >= 0, CostNanoUsd: >= 0 }));

    [Fact]
    public void Ledger_entries_are_numbered_without_gaps_and_replay_to_the_balance() => Always(world =>
    {
        var balance = 0L;
        for (var i = 0; i < world.Ledger.Count; i++)
        {
            balance += world.Ledger[i].AmountMicro;
            if (world.Ledger[i].Sequence != i + 1 || world.Ledger[i].BalanceMicro != balance || world.Ledger[i].Parts.Sum(part => part.Micro) != world.Ledger[i].AmountMicro)
            {
                return false;
            }
        }

        return world.State.Sequence == world.Ledger.Count;
    });

    [Fact]
    public void Every_hold_ends_exactly_once() => Always(world =>
        world.Endings.Values.All(endings => endings == 1)
        && world.Holds.Values.All(record => (record.Status == HoldStatus.Open) == world.State.Holds.Any(hold => hold.OperationId == record.Hold.OperationId)));

    [Fact]
    public void No_operation_is_charged_twice() => Always(world =>
        world.Ledger.Where(entry => entry.Kind == EntryKind.Charge).GroupBy(entry => entry.OperationId, StringComparer.Ordinal).All(charges => charges.Count() == 1));

    [Fact]
    public void Days_and_months_are_the_sum_of_the_usage_log_corrections_included() => Always(world =>
    {
        var (cost, uncertain) = (world.Usage.Sum(line => line.CostNanoUsd), world.Usage.Sum(line => line.UncertainCostNanoUsd));
        return (cost, uncertain) == (world.State.Days.Sum(day => day.CostNanoUsd), world.State.Days.Sum(day => day.UncertainCostNanoUsd))
            && (cost, uncertain) == (world.State.Months.Sum(month => month.CostNanoUsd), world.State.Months.Sum(month => month.UncertainCostNanoUsd))
            && cost == world.Holds.Values.Sum(record => record.CostNanoUsd);
    });

    [Fact]
    public void Free_images_never_pass_the_days_quota() => Always(world =>
        world.State.Days.All(day => day.FreeImagesUsed + day.FreeImagesHeld <= world.Limits.FreeImagesPerDay + LateFreeImages(world, day)));

    // A free image whose hold lapsed gave its unit back; when it was delivered all the same, the unit may have been used again meanwhile.
    private static int LateFreeImages(World world, DayUse day) =>
        world.Holds.Values.Count(record => record.Late && record.Hold.FreeImages > 0 && record.Hold.Day == day.Day);

    private static void Always(Func<World, bool> holds)
    {
        var steps = Gen.Choose(0, int.MaxValue - 1).ArrayOf(60);
        Prop.ForAll(Arb.From(steps), seeds =>
        {
            var world = new World(new PlanLimits { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 4, FreeImagesPerDay = 2 }, signUpCredits: 3);
            foreach (var seed in seeds)
            {
                Step(world, seed);
                if (!holds(world))
                {
                    return false;
                }
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Runs));
    }

    private static void Step(World world, int seed)
    {
        var (kind, value) = (seed % 9, seed / 9 % 1_000);
        // Mostly forward, over midnight and month end; sometimes back by up to five minutes, as another instance's clock would be.
        world.Now += TimeSpan.FromSeconds(value % 7 == 0 ? -(value % 300) : value % 120);
        // A reservation takes an id of its own, or now and then one that ran before; whatever ends holds aims at recent ones.
        var operation = kind is 1 or 2 or 3 && value % 10 != 0 ? $"op{world.Holds.Count}" : $"op{Math.Max(0, world.Holds.Count - 1 - value % 4)}";
        _ = kind switch
        {
            0 => world.Grant($"grant{value % 20}", 1 + value % 3, (GrantKind)(value % 7), value % 2 == 0 ? world.Now.AddMinutes(value % 30) : null, value % 3),
            1 or 2 => world.ReserveImage(operation, 0.5m + value % 3, freeQuota: value % 3 == 0, lease: TimeSpan.FromSeconds(value % 400)),
            3 => world.ReserveText(operation, value % 200, value % 4_000, creditsPerMillion: 200),
            4 or 5 => world.Settle(operation, value % 500 / 100m, tokens: value % 2),
            6 => world.Run(new Release(operation, "failed", value)),
            7 => world.Run(new Deduct($"deduct{value}", Money.MicroPerCredit / 10 * (value % 30), "test")),
            _ => world.Run(new Sweep()),
        };
    }
}
