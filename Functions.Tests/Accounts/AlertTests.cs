using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

public sealed class AlertTests
{
    [Fact]
    public void From_79_to_101_percent_in_one_call_raises_80_90_and_100_once_each()
    {
        var world = Limited(tokens: 1_000);
        Use(world, "first", tokens: 790);
        Assert.Empty(world.Alerts);

        Use(world, "second", tokens: 220);

        Assert.Equal(["204002-free.tokens.gemini-80", "204002-free.tokens.gemini-90", "204002-free.tokens.gemini-100"], world.Alerts.Select(alert => alert.Id));
        Assert.All(world.Alerts, alert => Assert.Equal((1_010m, 1_000m, "tokens"), (alert.Used, alert.Limit, alert.Unit)));
    }

    [Fact]
    public void A_limit_reached_call_by_call_raises_each_level_when_it_is_reached()
    {
        var world = Limited(calls: 10);
        var raised = Enumerable.Range(1, 10).Select(i =>
        {
            Use(world, "call" + i);
            return world.Alerts.Count;
        }).ToList();

        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 1, 2, 3], raised);
    }

    [Fact]
    public void Each_month_raises_its_own()
    {
        var world = Limited(calls: 1);
        Use(world, "february");
        world.Now = World.Start.AddDays(2);
        Use(world, "march");

        Assert.Equal(["204002", "204003"], world.Alerts.Select(alert => alert.Period).Distinct());
        Assert.Equal(6, world.Alerts.Count);
    }

    [Fact]
    public void A_limit_that_is_crossed_again_after_a_refund_raises_nothing_again()
    {
        var world = new World(new PlanLimits { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 5, FreeImagesPerDay = 0, CostLimitUsd = 1 });
        world.Grant("bought", 100);
        world.ReserveImage("most of it", costUsd: 0.9m);
        world.Settle("most of it", 1, costUsd: 0.9m);
        world.ReserveImage("nobody knows", costUsd: 0.1m);
        world.Now += TimeSpan.FromMinutes(6);
        world.Run(new Sweep());
        Assert.Equal([80, 90, 100], world.Alerts.Select(alert => alert.Level));

        // What it cost becomes known: nothing. The month is below its limit again, and credits go back besides.
        world.Run(new Release("nobody knows", "provider_failed"));
        world.Run(new Refund("refund", Money.FromCredits(4), "test"));
        Assert.Equal(Money.FromUsd(0.9m), world.State.Month.CostNanoUsd);
        world.ReserveImage("the rest", costUsd: 0.1m);
        world.Settle("the rest", 1, costUsd: 0.1m);

        Assert.Equal((Money.FromUsd(1), 3), (world.State.Month.CostNanoUsd, world.Alerts.Count));
    }

    [Fact]
    public void A_low_balance_that_a_refund_leaves_lower_is_not_told_of_again()
    {
        var world = new World(signUpCredits: 8);
        world.Grant("bought", 10);
        Spend(world, "first", 14);
        world.Run(new Refund("refund", Money.FromCredits(4), "test"));
        Spend(world, "nothing left", 0);

        Assert.Single(world.Alerts);
    }

    [Fact]
    public void A_low_balance_is_told_once_until_it_was_higher_again()
    {
        var world = new World(signUpCredits: 10);
        Spend(world, "a", 5);
        Spend(world, "b", 1);
        world.Grant("more", 10);
        Spend(world, "c", 9);
        Spend(world, "d", 1);

        Assert.Equal([5m, 5m], world.Alerts.Select(alert => alert.Used));
        Assert.All(world.Alerts, alert => Assert.Equal(AlertKind.LowBalance, alert.Kind));
        Assert.Equal(2, world.Alerts.Select(alert => alert.Id).Distinct().Count());
    }

    [Fact]
    public void Credits_held_for_a_moment_are_no_low_balance()
    {
        var world = new World(signUpCredits: 10);
        world.ReserveImage("a", credits: 9);
        world.Run(new Release("a", "provider_failed"));

        Assert.Empty(world.Alerts);
    }

    [Fact]
    public void A_day_of_three_times_the_habit_is_unusual_once()
    {
        var world = new World();
        world.Grant("much", 10_000);
        for (var day = 0; day < 10; day++)
        {
            Spend(world, "day" + day, 20);
            world.Now += TimeSpan.FromDays(1);
        }

        Spend(world, "more", 40);
        Assert.Empty(world.Alerts);
        Spend(world, "much more", 60);
        Spend(world, "and more", 60);

        var alert = Assert.Single(world.Alerts);
        Assert.Equal((AlertKind.UnusualSpending, 100m), (alert.Kind, alert.Used));
    }

    [Fact]
    public void Nothing_is_unusual_before_there_is_a_habit_nor_in_small_sums()
    {
        var fresh = new World();
        fresh.Grant("much", 10_000);
        Spend(fresh, "first day", 500);
        Assert.Empty(fresh.Alerts);

        var small = new World();
        small.Grant("much", 10_000);
        small.Now += TimeSpan.FromDays(10);
        Spend(small, "first", 0.01m);
        small.Now += TimeSpan.FromDays(5);
        Spend(small, "second", 9);
        Assert.Empty(small.Alerts);
    }

    private static World Limited(long? calls = null, long? tokens = null)
    {
        var world = new World(new PlanLimits
        {
            SpacingMs = 0,
            RequestsPerMinute = 0,
            ConcurrentJobs = 5,
            Providers = new Dictionary<string, ProviderLimit> { ["gemini"] = new() { Calls = calls, Tokens = tokens } },
        });
        world.Grant("bought", 10_000);
        return world;
    }

    private static void Use(World world, string id, long tokens = 1)
    {
        var offer = World.TextOffer(0, 1, creditsPerMillion: 100) with { Provider = "gemini" };
        Assert.IsType<Admitted>(world.Run(new Reserve(id, WorkKind.Text, [offer], world.Plans, TimeSpan.FromMinutes(5), PlatformOverBudget: false)));
        world.Settle(id, credits: 0.001m, tokens: tokens);
    }

    private static void Spend(World world, string id, decimal credits)
    {
        world.ReserveImage(id, credits);
        world.Settle(id, credits);
    }
}
