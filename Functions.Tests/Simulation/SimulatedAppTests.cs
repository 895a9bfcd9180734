using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Simulation;

/// <summary>The whole app on simulated storage.</summary>
public sealed class SimulatedAppTests
{
    [Fact]
    public async Task The_app_serves_an_image_and_charges_for_it()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?> { ["Plans:Items:free:FreeImagesPerDay"] = "0" });
        await using var owned = app;

        var reply = await app.ImageAsync("ann", "a fox");

        Assert.Equal(200, reply.Status);
        Assert.Equal(9, (await app.Get<AccountStore>().ReadAsync("ann")).BalanceMicro / Money.MicroPerCredit);
    }

    [Fact]
    public async Task Two_apps_share_one_simulated_storage_and_see_each_other()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        var (other, _) = await TestApp.StartSimulatedAsync(sharing: app, storage: storage);
        await using var alsoOwned = other;

        await app.GiveAsync("ann", 5);

        Assert.Equal(15, (await other.Get<AccountStore>().ReadAsync("ann")).BalanceMicro / Money.MicroPerCredit);
    }

    [Fact]
    public async Task The_price_of_a_shipped_model_can_be_changed_within_the_limits_of_table_storage()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;

        var reply = await app.SendAsync(HttpMethod.Put, "manage/model-prices/openai-gpt-4.1", new { profit_multiplier = 2 }, app.Admin);

        Assert.Equal(200, reply.Status);
    }

    [Fact]
    public async Task While_storage_is_busy_nothing_is_served_and_nothing_is_charged()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?> { ["Credits:PatienceMs"] = "100" });
        await using var owned = app;
        await app.GiveAsync("ann", 5);
        storage.Faults = _ => Fault.Busy503;

        var reply = await app.ImageAsync("ann", "a fox");
        storage.Faults = _ => Fault.None;

        Assert.Equal(503, reply.Status);
        Assert.Equal(15, (await app.Get<AccountStore>().ReadAsync("ann")).BalanceMicro / Money.MicroPerCredit);
    }
}
