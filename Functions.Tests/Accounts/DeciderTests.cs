using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

public sealed class DeciderTests
{
    [Fact]
    public void A_hold_takes_the_worst_case_and_settling_gives_the_rest_back()
    {
        var world = new World();
        world.Grant("buy", 10);

        world.ReserveText("a", inputTokens: 1_000, outputTokens: 1_000, creditsPerMillion: 1_000);
        Assert.Equal((8m, 2m), (world.Available, world.Held));

        world.Settle("a", 0.5m, tokens: 500);
        Assert.Equal((9.5m, 0m), (world.Available, world.Held));
    }

    [Fact]
    public void Credits_burn_by_priority_then_expiry_then_age_and_purchases_last()
    {
        var world = new World();
        world.Grant("bought", 1, GrantKind.Purchase, priority: -5);
        world.Grant("later", 1, GrantKind.Gift, world.Now.AddDays(9));
        world.Grant("sooner", 1, GrantKind.Gift, world.Now.AddDays(2));
        world.Grant("first", 1, GrantKind.Promotion, priority: -1);
        world.Grant("old", 1, GrantKind.Referral);

        var order = Enumerable.Range(0, 5).Select(i =>
        {
            world.ReserveImage($"op{i}");
            world.Settle($"op{i}", 1);
            return world.Ledger[^1].Parts.Single().GrantId;
        });

        Assert.Equal(["first", "sooner", "later", "old", "bought"], order);
    }

    [Fact]
    public void A_hold_taken_before_its_credits_expire_is_honoured()
    {
        var world = new World();
        world.Grant("soon", 2, GrantKind.Gift, world.Now.AddMinutes(1));
        world.ReserveImage("a", credits: 2);
        world.Now += TimeSpan.FromMinutes(2);

        var ended = Assert.IsType<Ended>(world.Settle("a", 1));

        Assert.Equal(Money.MicroPerCredit, ended.Record.ChargedMicro);
        world.Run(new Sweep());
        Assert.Equal(0m, world.Available);
        Assert.Equal(EntryKind.Expire, world.Ledger[^1].Kind);
    }

    [Fact]
    public void Settling_twice_changes_nothing_and_answers_the_same()
    {
        var world = new World();
        world.Grant("buy", 5);
        world.ReserveImage("a");
        var first = Assert.IsType<Ended>(world.Settle("a", 1));

        var second = Assert.IsType<Ended>(world.Settle("a", 1));

        Assert.Equal(first.Record, second.Record);
        Assert.Equal(4m, world.Available);
    }

    [Fact]
    public void A_success_after_the_hold_expired_is_charged_when_the_account_can_pay()
    {
        var world = new World();
        world.Grant("buy", 5);
        world.ReserveImage("a", lease: TimeSpan.FromSeconds(10));
        world.Now += TimeSpan.FromMinutes(1);
        world.Run(new Sweep());
        Assert.Equal(5m, world.Available);

        var ended = Assert.IsType<Ended>(world.Settle("a", 1));

        Assert.True(ended.Record.Late);
        Assert.Equal(4m, world.Available);
    }

    [Fact]
    public void A_late_success_that_cannot_be_paid_is_absorbed_and_recorded()
    {
        var world = new World();
        world.Grant("buy", 1);
        world.ReserveImage("a", lease: TimeSpan.FromSeconds(10));
        world.Now += TimeSpan.FromMinutes(1);
        world.ReserveImage("b");

        var ended = Assert.IsType<Ended>(world.Settle("a", 1));

        Assert.Equal((0, Money.MicroPerCredit), (ended.Record.ChargedMicro, ended.Record.AbsorbedMicro));
        Assert.Equal((0m, 1m), (world.Available, world.Held));
    }

    [Fact]
    public void A_late_success_whose_key_belongs_to_a_repetition_by_now_is_absorbed()
    {
        var world = new World();
        world.Grant("buy", 10);
        world.ReserveImage("first");
        world.Now = world.Now.AddMinutes(6);
        world.Run(new Sweep());
        var owner = new ClaimRecord(new Claim("key", "body"), "repetition", world.Now.AddHours(1), Payload: null);

        var settle = new Settle("first", Money.MicroPerCredit, 80_000_000, World.Facts()) { RecordedClaim = owner };
        var ended = Assert.IsType<Ended>(world.Run(settle)).Record;

        Assert.Equal((0L, Money.MicroPerCredit, true), (ended.ChargedMicro, ended.AbsorbedMicro, ended.Superseded));
        Assert.Equal(10m, world.Available);
    }

    [Fact]
    public void A_late_settlement_of_a_hold_nobody_reclaimed_is_paid_from_that_hold()
    {
        var world = new World();
        world.Grant("buy", 1);
        world.ReserveImage("a", lease: TimeSpan.FromSeconds(10));
        world.Now += TimeSpan.FromHours(1);

        var ended = Assert.IsType<Ended>(world.Settle("a", 1));

        Assert.Equal((Money.MicroPerCredit, false), (ended.Record.ChargedMicro, ended.Record.Late));
    }

    [Fact]
    public void Usage_above_the_estimate_is_taken_from_what_is_left_and_the_rest_absorbed()
    {
        var world = new World();
        world.Grant("buy", 3);
        world.ReserveImage("a", credits: 2);

        var ended = Assert.IsType<Ended>(world.Settle("a", 5));

        Assert.Equal((3 * Money.MicroPerCredit, 2 * Money.MicroPerCredit), (ended.Record.ChargedMicro, ended.Record.AbsorbedMicro));
        Assert.Equal(0m, world.Available);
    }

    [Fact]
    public void Output_is_clamped_to_what_the_balance_pays_for()
    {
        var world = new World();
        world.Grant("buy", 1);

        var admitted = Assert.IsType<Admitted>(world.ReserveText("a", inputTokens: 0, outputTokens: 2_000, creditsPerMillion: 1_000));

        Assert.Equal((1_000, true), (admitted.Hold.OutputTokens, admitted.Hold.Clamped));
        Assert.Equal(0m, world.Available);
    }

    [Fact]
    public void A_hold_of_before_midnight_settles_into_the_day_and_month_it_was_reserved_in()
    {
        var world = new World { Now = new DateTimeOffset(2040, 2, 29, 23, 59, 50, TimeSpan.Zero) };
        world.Grant("buy", 5);
        world.ReserveImage("a");
        world.Now += TimeSpan.FromSeconds(20);
        world.ReserveImage("b");

        world.Settle("a", 1);

        Assert.Equal(["20400301", "20400229"], world.State.Days.Select(day => day.Day));
        Assert.Equal([0, 1], world.State.Days.Select(day => day.Calls));
        Assert.Equal([0, 1], world.State.Months.Select(month => month.Calls));
    }

    [Fact]
    public void A_clock_that_lags_over_midnight_does_not_hand_out_yesterdays_quota_again()
    {
        var world = new World(new PlanLimits { SpacingMs = 0, ConcurrentJobs = 5, FreeImagesPerDay = 1 }) { Now = new DateTimeOffset(2040, 3, 5, 0, 0, 1, TimeSpan.Zero) };
        Assert.Equal(1, Assert.IsType<Admitted>(world.ReserveImage("a", freeQuota: true)).Hold.FreeImages);

        world.Now -= TimeSpan.FromMinutes(4);

        Assert.Equal(RefusalCodes.InsufficientCredits, Assert.IsType<Refused>(world.ReserveImage("b", freeQuota: true)).Refusal.Code);
    }

    [Fact]
    public void Granting_with_the_same_operation_id_again_grants_once()
    {
        var world = new World();
        world.Grant("order-1", 5);

        var again = Assert.IsType<Posted>(world.Grant("order-1", 5));

        Assert.Equal((5m, 1L), (world.Available, again.Record.Sequence));
    }

    [Fact]
    public void A_deduction_larger_than_the_balance_is_refused()
    {
        var world = new World();
        world.Grant("buy", 1);

        var refused = Assert.IsType<Refused>(world.Run(new Deduct("take", 2 * Money.MicroPerCredit, "test")));

        Assert.Equal(RefusalCodes.InsufficientCredits, refused.Refusal.Code);
        Assert.Equal(1m, world.Available);
    }

    [Fact]
    public void Two_hundred_expired_holds_are_reclaimed_a_few_at_a_time_so_that_they_fit_a_transaction()
    {
        var world = new World(new PlanLimits { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 200, FreeImagesPerDay = 0 });
        world.Grant("buy", 200);
        for (var i = 0; i < 200; i++)
        {
            world.ReserveImage($"op{i}", lease: TimeSpan.FromSeconds(1));
        }

        world.Now += TimeSpan.FromMinutes(1);
        var decision = Account.Decide(world.State, new Sweep(), world.Now);

        Assert.Equal(Housekeeping.ReclaimLimit, decision.Holds.Length);
        for (var i = 0; i < 13; i++)
        {
            world.Run(new Sweep());
        }

        Assert.Equal((200m, 0m), (world.Available, world.Held));
    }
}
