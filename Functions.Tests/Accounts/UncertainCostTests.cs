using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

/// <summary>What counts as cost when nobody knows what a vendor did, and what becomes of it when somebody does.</summary>
public sealed class UncertainCostTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);
    private const long WorstNanoUsd = 80_000_000;

    private readonly World world = new();

    public UncertainCostTests() => world.Grant("buy", 5);

    [Fact]
    public void An_expired_hold_counts_its_worst_case_as_assumed_cost()
    {
        Lapse("a");

        var line = Assert.Single(world.Usage);
        Assert.Equal((UsageEvents.Expired, WorstNanoUsd, WorstNanoUsd), (line.Event, line.CostNanoUsd, line.UncertainCostNanoUsd));
        Assert.Equal((WorstNanoUsd, WorstNanoUsd), (world.Holds["a"].CostNanoUsd, world.Holds["a"].UncertainCostNanoUsd));
        Assert.Equal((WorstNanoUsd, WorstNanoUsd), (world.State.Month.CostNanoUsd, world.State.Month.UncertainCostNanoUsd));
        AssertRollUps();
    }

    [Fact]
    public void A_late_settlement_puts_the_true_cost_in_the_place_of_the_assumed_one()
    {
        Lapse("a");

        world.Run(new Settle("a", Money.MicroPerCredit, 30_000_000, World.Facts()) { UncertainCostNanoUsd = 5_000_000 });

        var corrected = Assert.Single(world.Usage, line => line.Event == UsageEvents.CostCorrected);
        Assert.Equal((-WorstNanoUsd, -WorstNanoUsd), (corrected.CostNanoUsd, corrected.UncertainCostNanoUsd));
        Assert.Equal((30_000_000, 5_000_000), (world.State.Month.CostNanoUsd, world.State.Month.UncertainCostNanoUsd));
        Assert.Equal((30_000_000, 5_000_000), (world.Holds["a"].CostNanoUsd, world.Holds["a"].UncertainCostNanoUsd));
        AssertRollUps();
    }

    [Fact]
    public void Releasing_an_expired_hold_that_never_called_anybody_takes_the_assumed_cost_back_once()
    {
        Lapse("a");

        world.Run(new Release("a", "storage_unavailable"));
        world.Run(new Release("a", "storage_unavailable"));
        world.Run(new Release("a", "another", CostNanoUsd: 7));

        Assert.Equal((0, 0, 1), (world.State.Month.CostNanoUsd, world.State.Month.UncertainCostNanoUsd, world.State.Month.Failures));
        Assert.Equal((HoldStatus.Released, 0), (world.Holds["a"].Status, world.Holds["a"].CostNanoUsd));
        Assert.Equal([UsageEvents.Expired, UsageEvents.CostCorrected], world.Usage.Select(line => line.Event));
        AssertRollUps();
    }

    [Fact]
    public void A_settlement_after_a_release_states_the_whole_cost_of_the_operation()
    {
        world.ReserveImage("a");
        world.Run(new Release("a", "internal_error", WorstNanoUsd) { UncertainCostNanoUsd = WorstNanoUsd });

        world.Settle("a", 1, costUsd: 0.03m);

        Assert.Equal((30_000_000, 0), (world.State.Month.CostNanoUsd, world.State.Month.UncertainCostNanoUsd));
        AssertRollUps();
    }

    [Fact]
    public void Two_corrections_of_one_operation_in_the_same_instant_are_two_rows()
    {
        Lapse("a");
        world.Run(new Release("a", "internal_error", 50_000_000));

        world.Settle("a", 1, costUsd: 0.03m);

        Assert.Equal(2, world.Usage.Count(line => line.Event == UsageEvents.CostCorrected));
        Assert.Equal(world.Usage.Count, world.Usage.Select(AccountRows.UsageKey).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(30_000_000, world.State.Month.CostNanoUsd);
        AssertRollUps();
    }

    [Fact]
    public void What_is_assumed_belongs_to_no_provider()
    {
        world.ReserveImage("a");

        world.Run(new Settle("a", Money.MicroPerCredit, 30_000_000, World.Facts()) { UncertainCostNanoUsd = 20_000_000 });

        Assert.Equal(10_000_000, world.State.Month.Providers["openai"].CostNanoUsd);
    }

    [Fact]
    public void A_hold_of_an_account_that_nobody_touched_for_months_still_ends_in_its_own_day_and_month()
    {
        world.ReserveImage("a", lease: TimeSpan.FromDays(150));
        var (day, month) = (world.State.Day.Day, world.State.Month.Month);
        for (var i = 0; i < 3; i++)
        {
            world.Now += TimeSpan.FromDays(60);
            world.Run(new Sweep());
        }

        Assert.Equal(HoldStatus.Expired, world.Holds["a"].Status);
        Assert.Equal(WorstNanoUsd, world.State.Days.Single(use => use.Day == day).CostNanoUsd);
        Assert.Equal((WorstNanoUsd, 0), (world.State.Months.Single(use => use.Month == month).CostNanoUsd, world.State.Months.Sum(use => use.CostHeldNanoUsd)));
        AssertRollUps();
    }

    [Fact]
    public void A_period_is_kept_no_longer_than_a_hold_needs_it()
    {
        Lapse("a");
        world.ReserveImage("b", lease: TimeSpan.FromDays(3));

        world.Now += TimeSpan.FromDays(2);
        world.Run(new Sweep());
        world.Now += TimeSpan.FromDays(2);
        world.Run(new Sweep());
        Assert.Equal(3, world.State.Days.Length);

        world.Now += TimeSpan.FromDays(1);
        world.Run(new Sweep());
        Assert.Equal((2, 2), (world.State.Days.Length, world.State.Months.Length));
    }

    [Fact]
    public void The_cost_of_a_hold_that_ended_before_the_kept_periods_counts_in_the_oldest_of_them()
    {
        Lapse("a");
        var before = Sums(world);
        world.Now += TimeSpan.FromDays(100);
        world.Run(new Sweep());
        world.Now += TimeSpan.FromDays(100);
        world.Run(new Sweep());
        Assert.Equal(0, world.State.Months.Sum(use => use.CostNanoUsd));

        world.Settle("a", 1, costUsd: 0.03m);

        // The old rows stay as they were written, so that all rows together are the usage log.
        Assert.Equal(30_000_000, before.Months + world.State.Months.Sum(use => use.CostNanoUsd));
        Assert.Equal(30_000_000, before.Days + world.State.Days.Sum(use => use.CostNanoUsd));
        Assert.Equal(30_000_000, world.Usage.Sum(line => line.CostNanoUsd));
        Assert.Equal(1, world.State.Months[^1].Calls);
    }

    private void Lapse(string id)
    {
        world.ReserveImage(id, lease: Lease);
        world.Now += TimeSpan.FromMinutes(1);
        world.Run(new Sweep());
    }

    private void AssertRollUps()
    {
        var (days, months) = Sums(world);
        Assert.Equal((world.Usage.Sum(line => line.CostNanoUsd), world.Usage.Sum(line => line.CostNanoUsd)), (days, months));
        Assert.Equal(world.Usage.Sum(line => line.UncertainCostNanoUsd), world.State.Days.Sum(use => use.UncertainCostNanoUsd));
        Assert.Equal(world.Usage.Sum(line => line.UncertainCostNanoUsd), world.State.Months.Sum(use => use.UncertainCostNanoUsd));
    }

    private static (long Days, long Months) Sums(World world) => (world.State.Days.Sum(use => use.CostNanoUsd), world.State.Months.Sum(use => use.CostNanoUsd));
}
