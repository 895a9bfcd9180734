using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

/// <summary>An instance remembers an account's last state. What it finds there alone, without writing, may be long out of date.</summary>
public sealed class StaleMemoryTests
{
    private static readonly PlanBook Plans = new("free", new Dictionary<string, PlanLimits>(StringComparer.Ordinal)
    {
        ["free"] = new() { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 5, FreeImagesPerDay = 0 },
    });

    [Fact]
    public async Task A_sweep_finds_the_lapsed_hold_of_another_instance()
    {
        await using var app = await TestApp.StartAsync();
        await using var other = await TestApp.StartAsync(sharing: app);
        await app.GiveAsync("ann", 5);
        await other.Get<AccountStore>().ExecuteAsync("ann", Reserve("op"));
        app.Clock.Advance(TimeSpan.FromMinutes(6));

        await app.Get<AccountStore>().ExecuteAsync("ann", new Sweep());

        Assert.Empty((await app.Get<AccountStore>().ReadStoredAsync("ann"))!.Holds);
    }

    [Fact]
    public async Task A_key_that_another_instance_set_free_can_be_used()
    {
        await using var app = await TestApp.StartAsync();
        await using var other = await TestApp.StartAsync(sharing: app);
        var claim = new Claim("key", "body");
        await app.Get<AccountStore>().ExecuteAsync("ann", Reserve("first") with { Claim = claim });
        await other.Get<AccountStore>().ExecuteAsync("ann", new Release("first", "timeout"));

        var outcome = await app.Get<AccountStore>().ExecuteAsync("ann", Reserve("second") with { Claim = claim });

        Assert.Equal("second", Assert.IsType<Admitted>(outcome).Hold.OperationId);
    }

    [Fact]
    public async Task A_sweep_that_missed_days_finds_what_lapsed_then()
    {
        await using var app = await TestApp.StartAsync();
        await app.Get<AccountStore>().ExecuteAsync("ann", Reserve("op"));
        app.Clock.Advance(TimeSpan.FromDays(9));
        await using var next = await TestApp.StartAsync(sharing: app);

        var swept = await next.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);

        Assert.Equal(1, swept);
        Assert.Empty((await app.Get<AccountStore>().ReadStoredAsync("ann"))!.Holds);
    }

    private static Reserve Reserve(string id) => new(
        id, WorkKind.Image, [World.ImageOffer("premium", credits: 1, freeQuota: false, costUsd: 0.08m, isStandard: false)], Plans, TimeSpan.FromMinutes(5), PlatformOverBudget: false);
}
