using ServerlessAi.Accounts;
using ServerlessAi.Notifications;

namespace ServerlessAi.Tests.Accounts;

/// <summary>The tokens of a day have levels as the limits of a month have, and each day its own.</summary>
public sealed class DailyAlertTests
{
    [Fact]
    public void The_tokens_of_a_day_raise_each_level_once_and_the_next_day_its_own()
    {
        var world = new World(new PlanLimits { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 5, TokensPerDay = 1_000 });
        world.Grant("bought", 10_000);
        Use(world, "first", 790);
        Assert.Empty(world.Alerts);

        Use(world, "second", 120);
        Use(world, "third", 10);
        Assert.Equal(["20400228-free.daily_tokens-80", "20400228-free.daily_tokens-90"], world.Alerts.Select(alert => alert.Id));
        Assert.Equal("910 of 1,000 tokens on 2040-02-28 are used (plan free): 90 % or more.", AlertTexts.MessageOf(world.Alerts[1]));

        world.Now = World.Start.AddDays(1);
        Use(world, "on the next day", 1_000);
        Assert.Equal(["20400229-free.daily_tokens-80", "20400229-free.daily_tokens-90", "20400229-free.daily_tokens-100"], world.Alerts.Skip(2).Select(alert => alert.Id));
    }

    [Fact]
    public void What_ends_after_midnight_counts_on_the_day_that_it_began()
    {
        var world = new World(new PlanLimits { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 5, TokensPerDay = 1_000 });
        world.Grant("bought", 10_000);
        Reserve(world, "over midnight");
        world.Now = World.Start.AddDays(1);
        world.Settle("over midnight", credits: 0.001m, tokens: 850);

        Assert.Equal("20400228-free.daily_tokens-80", Assert.Single(world.Alerts).Id);
    }

    private static void Use(World world, string id, long tokens)
    {
        Reserve(world, id);
        world.Settle(id, credits: 0.001m, tokens: tokens);
    }

    private static void Reserve(World world, string id)
    {
        var offer = World.TextOffer(0, 1, creditsPerMillion: 100) with { Provider = "gemini" };
        Assert.IsType<Admitted>(world.Run(new Reserve(id, WorkKind.Text, [offer], world.Plans, TimeSpan.FromDays(2), PlatformOverBudget: false)));
    }
}
