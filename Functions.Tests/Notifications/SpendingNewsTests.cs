namespace ServerlessAi.Tests.Notifications;

/// <summary>From requests that spend to what their sender is told.</summary>
public sealed class SpendingNewsTests : IAsyncLifetime
{
    private NotifyWorld world = null!;

    public async Task InitializeAsync() => world = await NotifyWorld.StartAsync(new Dictionary<string, string?>
    {
        ["Plans:Items:free:SpacingMs"] = "0",
        ["Plans:Items:free:FreeImagesPerDay"] = "0",
    });

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task The_request_that_leaves_five_credits_is_told_of_once()
    {
        await world.HookAsync("ann");
        await SpendAsync(4);
        await world.RunAsync();
        Assert.Empty(world.Receiver.Requests);

        await SpendAsync(3);
        await world.RunAsync();

        var told = Assert.Single(world.Receiver.Requests).Json;
        Assert.Equal(("low_balance", 5, 5), ((string?)told["type"], (int)told["data"]!["current_usage"]!, (int)told["data"]!["limit"]!));
        Assert.Equal(["low_balance"], await KindsAsync());
    }

    [Fact]
    public async Task A_day_of_ten_times_the_habit_is_told_of_while_it_lasts()
    {
        await world.HookAsync("ann");
        await world.App.GiveAsync("ann", 100);
        for (var day = 0; day < 4; day++)
        {
            await SpendAsync(1);
            world.App.Clock.Advance(TimeSpan.FromDays(1));
        }

        await SpendAsync(9);
        await world.RunAsync();
        Assert.Empty(world.Receiver.Requests);

        await SpendAsync(2);
        await world.RunAsync();

        Assert.Equal("unusual_spending", (string?)Assert.Single(world.Receiver.Requests).Json["type"]);
        Assert.Equal(["unusual_spending"], await KindsAsync());
    }

    private int images;

    private async Task SpendAsync(int credits)
    {
        for (var i = 0; i < credits; i++)
        {
            Assert.Equal(200, (await world.App.ImageAsync("ann", $"fox number {++images}")).Status);
        }
    }

    private async Task<IEnumerable<string?>> KindsAsync() =>
        (await world.App.GetAsync("subscription/alerts/ann")).Body.GetProperty("data").GetProperty("alerts").EnumerateArray().Select(alert => alert.GetProperty("type").GetString());
}
