using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

public sealed class LimitTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void A_second_request_within_800_ms_is_refused_and_told_how_long_to_wait()
    {
        var world = Funded(new PlanLimits { ConcurrentJobs = 5 });
        world.ReserveImage("a");
        world.Now += TimeSpan.FromMilliseconds(300);

        var refusal = Refuse(world.ReserveImage("b"));

        Assert.Equal((RefusalCodes.RateLimited, TimeSpan.FromMilliseconds(500)), (refusal.Code, refusal.RetryAfter));
        world.Now += TimeSpan.FromMilliseconds(500);
        Assert.IsType<Admitted>(world.ReserveImage("b"));
    }

    [Fact]
    public void The_61st_request_of_a_minute_is_refused_until_the_window_slides()
    {
        var world = Funded(new PlanLimits { SpacingMs = 0, ConcurrentJobs = 100 });
        world.Now = new DateTimeOffset(2040, 3, 1, 12, 0, 0, TimeSpan.Zero);
        for (var i = 0; i < 60; i++)
        {
            Assert.IsType<Admitted>(world.ReserveImage($"op{i}", credits: 0.01m));
        }

        var refusal = Refuse(world.ReserveImage("late", credits: 0.01m));

        Assert.Equal(RefusalCodes.RateLimited, refusal.Code);
        world.Now += refusal.RetryAfter!.Value + Moment;
        Assert.IsType<Admitted>(world.ReserveImage("late", credits: 0.01m));
        Assert.Equal(RefusalCodes.RateLimited, Refuse(world.ReserveImage("more", credits: 0.01m)).Code);
    }

    [Fact]
    public void A_second_job_is_refused_while_the_first_runs()
    {
        var world = Funded(new PlanLimits { SpacingMs = 0 });
        world.ReserveImage("a");

        Assert.Equal(RefusalCodes.ConcurrencyLimit, Refuse(world.ReserveImage("b")).Code);
        world.Settle("a", 1);
        Assert.IsType<Admitted>(world.ReserveImage("b"));
    }

    [Fact]
    public void Tokens_a_day_count_what_is_used_and_what_is_held_and_reset_at_midnight()
    {
        var world = Funded(new PlanLimits { SpacingMs = 0, ConcurrentJobs = 5, TokensPerDay = 1_000 });
        world.Now = new DateTimeOffset(2040, 3, 1, 22, 0, 0, TimeSpan.Zero);
        world.ReserveText("a", 400, 400);
        world.Settle("a", 0.01m, tokens: 600);
        world.ReserveText("b", 200, 180);

        var refusal = Refuse(world.ReserveText("c", 100, 100));

        Assert.Equal((RefusalCodes.DailyTokenLimit, TimeSpan.FromHours(2)), (refusal.Code, refusal.RetryAfter));
        world.Now += TimeSpan.FromHours(2);
        Assert.IsType<Admitted>(world.ReserveText("c", 100, 100));
    }

    [Fact]
    public void Three_images_a_day_are_free_and_credits_are_taken_only_after_them()
    {
        var world = Funded(new PlanLimits { SpacingMs = 0 });
        for (var i = 0; i < 4; i++)
        {
            world.ReserveImage($"op{i}", freeQuota: true);
            world.Settle($"op{i}", 1);
        }

        Assert.Equal(99m, world.Available);
        Assert.Equal(3, world.State.Day.FreeImagesUsed);
    }

    [Fact]
    public void A_failed_free_image_gives_its_unit_back()
    {
        var world = Funded(new PlanLimits { SpacingMs = 0 });
        world.ReserveImage("a", freeQuota: true);

        world.Run(new Release("a", "timeout"));

        Assert.Equal((0, 0), (world.State.Day.FreeImagesUsed, world.State.Day.FreeImagesHeld));
    }

    [Fact]
    public void Less_than_a_cent_of_balance_is_refused_even_for_a_cheaper_request()
    {
        var world = new World();
        world.Grant("buy", 0.09m);

        var refusal = Refuse(world.ReserveText("a", 1, 16, creditsPerMillion: 1));

        Assert.Equal(RefusalCodes.InsufficientCredits, refusal.Code);
        Assert.Equal(0.1m, refusal.Facts["creditsNeeded"]);
    }

    [Fact]
    public void At_the_monthly_cap_the_standard_offer_is_admitted_instead()
    {
        var world = Funded(new PlanLimits { SpacingMs = 0, ConcurrentJobs = 5, MonthlyCapUsd = 0.10m });
        world.ReserveImage("a");
        world.Settle("a", 1, costUsd: 0.10m);

        var hold = Assert.IsType<Admitted>(world.ReserveImage("b")).Hold;

        Assert.Equal((1, "monthly_cap", "standard"), (hold.OfferIndex, hold.DowngradeReason, hold.ModelId));
    }

    [Fact]
    public void Cost_that_is_held_counts_towards_the_cap()
    {
        var world = Funded(new PlanLimits { SpacingMs = 0, ConcurrentJobs = 5, MonthlyCapUsd = 0.16m });
        world.ReserveImage("a");
        world.ReserveImage("b");

        Assert.Equal("monthly_cap", Assert.IsType<Admitted>(world.ReserveImage("c")).Hold.DowngradeReason);
    }

    [Fact]
    public void Over_the_platforms_budget_everybody_gets_the_standard_tier()
    {
        var world = Funded(new PlanLimits());

        var hold = Assert.IsType<Admitted>(world.ReserveImage("a", overBudget: true)).Hold;

        Assert.Equal("platform_budget", hold.DowngradeReason);
    }

    [Fact]
    public void A_plan_bounds_the_output_tokens_of_a_call()
    {
        var world = Funded(new PlanLimits { MaxOutputTokens = 2_048 });

        var hold = Assert.IsType<Admitted>(world.ReserveText("a", 10, 100_000, creditsPerMillion: 1)).Hold;

        Assert.Equal((2_048, true), (hold.OutputTokens, hold.Clamped));
    }

    private static World Funded(PlanLimits limits)
    {
        var world = new World(limits);
        world.Grant("buy", 100);
        return world;
    }

    private static Refusal Refuse(Outcome outcome) => Assert.IsType<Refused>(outcome).Refusal;
}
