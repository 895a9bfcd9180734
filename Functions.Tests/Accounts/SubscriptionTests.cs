using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

public sealed class SubscriptionTests
{
    private static readonly PlanTerms Basic = Terms("basic", 29, 300);
    private static readonly PlanTerms Pro = Terms("pro", 79, 1_000);

    private readonly World world = new();

    [Fact]
    public void A_subscription_grants_its_credits_until_the_end_of_its_period()
    {
        Set("s1", Basic);

        Assert.Equal((300m, "basic"), (world.Available, world.State.PlanId));
        Assert.Equal(World.Start.AddMonths(1), Assert.Single(world.State.Grants).ExpiresAt);
        Assert.Equal([SubscriptionEventKind.Started], world.PlanEvents.Select(change => change.Kind));
    }

    [Fact]
    public void Saying_the_same_again_grants_nothing_again()
    {
        Set("s1", Basic);
        Set("s2", Basic, endsAt: World.Start.AddMonths(5));
        Set("s1", Basic);

        Assert.Equal(300m, world.Available);
    }

    [Fact]
    public void Each_period_grants_once_whoever_touches_the_account()
    {
        Set("s1", Basic);
        world.Now = World.Start.AddMonths(1);
        world.Run(new Sweep());
        world.Run(new Sweep());

        Assert.Equal((300m, 2), (world.Available, world.State.Subscription!.Number));
        Assert.Equal([300m, 300m, -300m], world.Ledger.Select(entry => Money.ToCredits(entry.AmountMicro)).OrderDescending());
    }

    [Fact]
    public void Periods_nobody_was_there_for_grant_nothing()
    {
        Set("s1", Basic);
        world.Now = World.Start.AddMonths(7).AddDays(1);
        world.Run(new Sweep());

        Assert.Equal((300m, 8), (world.Available, world.State.Subscription!.Number));
        Assert.Equal(World.Start.AddMonths(8), world.State.Subscription.PeriodEnd);
    }

    [Fact]
    public void Periods_are_counted_from_the_start_so_that_short_months_shorten_only_themselves()
    {
        world.Now = new DateTimeOffset(2041, 1, 31, 12, 0, 0, TimeSpan.Zero);
        Set("s1", Basic);
        var ends = new List<DateTimeOffset> { world.State.Subscription!.PeriodEnd };
        for (var month = 0; month < 2; month++)
        {
            world.Now = ends[^1];
            world.Run(new Sweep());
            ends.Add(world.State.Subscription!.PeriodEnd);
        }

        Assert.Equal(["0228", "0331", "0430"], ends.Select(end => end.ToString("MMdd", System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void An_upgrade_grants_the_difference_for_what_is_left_of_the_period()
    {
        Set("s1", Basic);
        world.Now = World.Start + (World.Start.AddMonths(1) - World.Start) / 2;
        Set("s2", Pro);

        Assert.Equal(300m + 350m, world.Available);
        Assert.Equal(("pro", World.Start.AddMonths(1)), (world.State.PlanId, world.State.Subscription!.PeriodEnd));
    }

    [Fact]
    public void Going_back_and_forth_between_plans_grants_nothing_twice()
    {
        Set("s1", Basic);
        Set("s2", Pro);
        Set("s3", Basic);
        Set("s4", Pro);
        Set("s5", Basic);

        Assert.Equal((1_000m, "basic"), (world.Available, world.State.PlanId));
    }

    [Fact]
    public void Ending_and_beginning_again_in_the_same_period_grants_nothing_twice()
    {
        Set("s1", Basic);
        world.Run(new SetPlan("end", Terms: null, RenewalKind.None, "test"));
        Assert.Null(world.State.PlanId);
        Set("s2", Basic);

        Assert.Equal((300m, "basic"), (world.Available, world.State.PlanId));
        Assert.Equal(World.Start.AddMonths(1), world.State.Subscription!.PeriodEnd);
    }

    [Fact]
    public void A_cancelled_subscription_lasts_to_the_end_of_its_period()
    {
        Set("s1", Basic);
        world.Run(new SetNextPlan("cancel", Terms: null, "test"));
        world.Now = World.Start.AddMonths(1).AddTicks(-1);
        world.Run(new Sweep());
        Assert.Equal("basic", world.State.PlanId);
        world.Now = World.Start.AddMonths(1);
        world.Run(new Sweep());

        Assert.Equal((null, 0m), (world.State.PlanId, world.Available));
        Assert.Equal(SubscriptionEventKind.Ended, world.PlanEvents[^1].Kind);
    }

    [Fact]
    public void A_downgrade_waits_for_the_next_period_and_takes_its_terms_from_there_on()
    {
        Set("s1", Pro);
        world.Run(new SetNextPlan("down", Basic, "test"));
        Assert.Equal("pro", world.State.PlanId);
        world.Now = World.Start.AddMonths(1);
        world.Run(new Sweep());

        Assert.Equal(("basic", 300m), (world.State.PlanId, world.Available));
    }

    [Fact]
    public void An_expiry_date_ends_it_in_the_middle_of_a_period()
    {
        Set("s1", Basic, endsAt: World.Start.AddDays(40));
        world.Now = World.Start.AddDays(35);
        world.Run(new Sweep());
        Assert.Equal((2, 300m), (world.State.Subscription!.Number, world.Available));
        world.Now = World.Start.AddDays(40);
        world.Run(new Sweep());

        Assert.Equal((null, 0m), (world.State.PlanId, world.Available));
    }

    [Fact]
    public void An_end_that_is_put_off_takes_the_periods_credits_with_it()
    {
        Set("s1", Basic, endsAt: World.Start.AddDays(1));
        world.Now = World.Start.AddHours(1);
        Set("s2", Basic);
        world.Now = World.Start.AddDays(2);
        world.Run(new Sweep());
        Assert.Equal(("basic", 300m), (world.State.PlanId, world.Available));

        Set("s3", Pro);

        Assert.Equal(300 + Math.Floor(700_000_000m * 27 / 29) / 1_000_000, world.Available);
        world.Now = World.Start.AddMonths(1);
        world.Run(new Sweep());
        Assert.Equal(1_000, world.Available);
    }

    [Fact]
    public void Its_expiry_is_when_it_ends_or_ended()
    {
        Set("s1", Basic, endsAt: World.Start.AddMonths(8));
        Assert.Equal(World.Start.AddMonths(8), world.State.Subscription!.Expiry);
        world.Run(new SetNextPlan("no more", Terms: null, "test"));
        Assert.Equal(World.Start.AddMonths(1), world.State.Subscription!.Expiry);
        Set("s2", Basic);
        Assert.Null(world.State.Subscription!.Expiry);
        world.Now = World.Start.AddDays(3);
        world.Run(new SetPlan("out", Terms: null, RenewalKind.None, "test"));
        Assert.Equal(World.Start.AddDays(3), world.State.Lapsed!.Expiry);
        world.Run(new SetPlan("paid", Basic, RenewalKind.Paid, "test"));
        Assert.Null(world.State.Subscription!.Expiry);
        world.Now = World.Start.AddMonths(6);
        world.Run(new Sweep());

        Assert.Equal(World.Start.AddDays(3).AddMonths(1) + Subscription.Grace, world.State.Lapsed!.Expiry);
    }

    [Fact]
    public void A_paid_plan_goes_on_for_three_days_without_payment_and_then_ends()
    {
        Set("s1", Basic, RenewalKind.Paid);
        world.Now = World.Start.AddMonths(1) + Subscription.Grace - TimeSpan.FromTicks(1);
        world.Run(new Sweep());
        Assert.Equal("basic", world.State.PlanId);
        Assert.True(world.State.Subscription!.IsPastDue(world.Now));
        world.Now += TimeSpan.FromTicks(1);
        world.Run(new Sweep());

        Assert.Null(world.State.PlanId);
    }

    [Fact]
    public void A_payment_renews_its_own_period_once()
    {
        Set("s1", Basic, RenewalKind.Paid);
        world.Now = World.Start.AddMonths(1).AddHours(1);
        world.Run(new Renew("r2", "s1", 2, Basic, "paid"));
        world.Run(new Renew("r2", "s1", 2, Basic, "paid"));
        var other = world.Run(new Renew("another", "s1", 2, Basic, "paid"));

        Assert.IsType<Refused>(other);
        Assert.Equal((300m, 2, World.Start.AddMonths(2)), (world.Available, world.State.Subscription!.Number, world.State.Subscription.PeriodEnd));
    }

    [Fact]
    public void A_payment_that_comes_after_the_plan_has_ended_begins_it_anew()
    {
        Set("s1", Basic, RenewalKind.Paid);
        world.Now = World.Start.AddMonths(1).AddDays(5);
        world.Run(new Sweep());
        world.Run(new Renew("r2", "s1", 2, Basic, "paid"));

        Assert.Equal((300m, "basic", world.Now.AddMonths(1)), (world.Available, world.State.PlanId, world.State.Subscription!.PeriodEnd));
    }

    [Fact]
    public void Credits_of_a_plan_find_room_however_many_grants_there_are()
    {
        for (var i = 0; i < Account.GrantsLimit; i++)
        {
            world.Grant("g" + i, 1, expiresAt: World.Start.AddYears(1).AddDays(i));
        }

        Assert.IsType<Refused>(world.Grant("one too many", 1, expiresAt: World.Start.AddYears(3)));
        Set("s1", Basic);

        Assert.Equal(Account.GrantsLimit + 300m, world.Available);
    }

    private static PlanTerms Terms(string plan, decimal price, decimal credits) => new(plan, Money.FromUsd(price), Money.FromCredits(credits));

    private void Set(string id, PlanTerms terms, RenewalKind renewal = RenewalKind.Automatic, DateTimeOffset? endsAt = null) =>
        Assert.IsType<PlanSet>(world.Run(new SetPlan(id, terms, renewal, "test") { EndsAt = endsAt }));
}
