using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

public sealed class PlanLimitTests
{
    [Fact]
    public void Calls_that_are_under_way_count_so_that_the_limit_holds_exactly()
    {
        var world = With(new ProviderLimit { Calls = 2 });
        Assert.IsType<Admitted>(Reserve(world, "a"));
        Assert.IsType<Admitted>(Reserve(world, "b"));

        var refusal = RefusalOf(Reserve(world, "c"));
        Assert.Equal(RefusalCodes.UsageLimitExceeded, refusal.Code);
        Assert.Equal(("calls", "gemini", 2m, 2m), (refusal.Facts["limitType"], refusal.Facts["provider"], refusal.Facts["currentUsage"], refusal.Facts["limit"]));

        world.Run(new Release("a", "provider_failed"));
        Assert.IsType<Admitted>(Reserve(world, "d"));
    }

    [Fact]
    public void Output_is_cut_to_the_tokens_that_are_left_and_then_refused()
    {
        var world = With(new ProviderLimit { Tokens = 1_000 });
        var first = Assert.IsType<Admitted>(Reserve(world, "a", inputTokens: 400, outputTokens: 2_000)).Hold;
        Assert.Equal((600, true), (first.OutputTokens, first.Clamped));
        world.Settle("a", 0.001m, tokens: 990);

        Assert.Equal("tokens", RefusalOf(Reserve(world, "b", inputTokens: 11)).Facts["limitType"]);
    }

    [Fact]
    public void Other_providers_have_limits_of_their_own()
    {
        var world = With(new ProviderLimit { Calls = 0 });

        Assert.IsType<Refused>(Reserve(world, "a"));
        Assert.IsType<Admitted>(Reserve(world, "b", provider: "openai"));
    }

    [Fact]
    public void The_cost_limit_is_never_passed_and_what_is_cheaper_serves_as_long_as_it_fits()
    {
        var world = With(null, new PlanLimits { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 5, FreeImagesPerDay = 0, CostLimitUsd = 0.10m });
        var first = Assert.IsType<Admitted>(world.ReserveImage("a", costUsd: 0.08m)).Hold;
        var second = Assert.IsType<Admitted>(world.ReserveImage("b", costUsd: 0.08m)).Hold;
        Assert.Equal((null, "monthly_cap"), (first.DowngradeReason, second.DowngradeReason));
        world.Settle("a", 1, costUsd: 0.08m);
        world.Settle("b", 1, costUsd: 0.019m);

        Assert.Equal("cost", RefusalOf(world.ReserveImage("c", costUsd: 0.08m)).Facts["limitType"]);
    }

    [Fact]
    public void A_plan_that_does_not_include_a_model_refuses_it_until_it_is_another_plan()
    {
        var world = With(null, new PlanLimits { SpacingMs = 0 }, new Dictionary<string, PlanLimits> { ["premium"] = new() { SpacingMs = 0, ModelAccess = ["starter", "premium"] } });
        var refusal = RefusalOf(Reserve(world, "a", access: "premium"));
        Assert.Equal((RefusalCodes.ModelNotAllowed, "free", "premium"), (refusal.Code, refusal.Facts["plan"], refusal.Facts["requires"]));

        world.Run(new SetPlan("s", new PlanTerms("premium", 0, 0), RenewalKind.Automatic, "test"));
        Assert.IsType<Admitted>(Reserve(world, "b", access: "premium"));
    }

    [Fact]
    public void A_call_counts_with_the_provider_that_was_selected_whoever_served_it()
    {
        var world = With(new ProviderLimit { Calls = 10 });
        Reserve(world, "a");
        world.Settle("a", 0.001m, tokens: 50);

        Assert.Equal(new MeterUse(1, 50), world.State.Month.Meters["gemini"]);
        Assert.Equal("openai", Assert.Single(world.State.Month.Providers).Key);
    }

    private static World With(ProviderLimit? gemini, PlanLimits? limits = null, IReadOnlyDictionary<string, PlanLimits>? others = null)
    {
        limits ??= new PlanLimits { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 5, FreeImagesPerDay = 0 };
        if (gemini is not null)
        {
            limits.Providers["gemini"] = gemini;
        }

        var world = new World(limits, others: others);
        world.Grant("bought", 10_000);
        return world;
    }

    private static Refusal RefusalOf(Outcome outcome) => Assert.IsType<Refused>(outcome).Refusal;

    private static Outcome Reserve(World world, string id, string provider = "gemini", int inputTokens = 0, int outputTokens = 16, string? access = null)
    {
        var offer = World.TextOffer(inputTokens, outputTokens, creditsPerMillion: 100) with { Provider = provider, Access = access };
        return world.Run(new Reserve(id, WorkKind.Text, [offer], world.Plans, TimeSpan.FromMinutes(5), PlatformOverBudget: false));
    }
}
