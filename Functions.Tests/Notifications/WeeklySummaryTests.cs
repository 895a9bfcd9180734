using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Functions.Timers;

namespace ServerlessAi.Tests.Notifications;

/// <summary>On Mondays accounts hear of the week before.</summary>
public sealed class WeeklySummaryTests : IAsyncLifetime
{
    private NotifyWorld world = null!;

    public async Task InitializeAsync() => world = await NotifyWorld.StartAsync();

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task It_sums_up_the_week_before_and_comes_once_however_often_the_timer_fires()
    {
        await using var other = await world.AnotherAsync();
        await world.HookAsync("ann");
        // Wednesday, and before the week that counts.
        await world.App.ImageAsync("ann", "a fox");
        world.App.Clock.Advance(TimeSpan.FromDays(5));
        await world.App.ImageAsync("ann", "a cat");
        var text = await world.App.CompleteAsync("ann", "Tell me of foxes");
        world.App.Clock.Advance(TimeSpan.FromDays(6.2));
        await world.App.ImageAsync("ann", "a dog");
        // Monday the 28th, eight in the morning.
        AdvanceTo(new DateTimeOffset(2040, 5, 28, 8, 0, 0, TimeSpan.Zero));

        await Task.WhenAll(SummarizeAsync(world.App), SummarizeAsync(other));
        await world.RunAsync();
        await SummarizeAsync(other);
        await world.RunForAsync(TimeSpan.FromMinutes(3));

        var body = Assert.Single(world.Receiver.Requests).Json;
        var data = body["data"]!;
        Assert.Equal(("weekly_summary", "2040-W21", "2040-05-21", "2040-05-27"), ((string?)body["type"], (string?)data["week"], (string?)data["from"], (string?)data["to"]));
        Assert.Equal((3, 2), ((int)data["calls"]!, (int)data["images"]!));
        Assert.True((decimal)data["costUsd"]! > 0);
        Assert.Equal(text.Number("creditsUsed"), (decimal)data["creditsCharged"]!);
    }

    [Fact]
    public async Task A_timer_that_comes_late_tells_of_the_same_week_and_the_next_one_is_not_lost()
    {
        await world.HookAsync("ann");
        await world.App.ImageAsync("ann", "a fox");
        AdvanceTo(new DateTimeOffset(2040, 5, 21, 12, 0, 0, TimeSpan.Zero));
        await world.App.ImageAsync("ann", "a cat");
        // Tuesday instead of Monday.
        AdvanceTo(new DateTimeOffset(2040, 5, 22, 9, 0, 0, TimeSpan.Zero));
        await SummarizeAsync(world.App);
        await world.RunAsync();
        await world.App.ImageAsync("ann", "a dog");
        AdvanceTo(new DateTimeOffset(2040, 5, 28, 8, 0, 0, TimeSpan.Zero));
        await SummarizeAsync(world.App);
        await world.RunAsync();

        Assert.Equal(
            [("2040-W20", "2040-05-14", "2040-05-20", 1), ("2040-W21", "2040-05-21", "2040-05-27", 2)],
            world.Receiver.Requests.Select(request => request.Json["data"]!).Select(data => ((string?)data["week"], (string?)data["from"], (string?)data["to"], (int)data["images"]!)));
    }

    [Fact]
    public async Task Images_are_those_that_were_made_deleted_ones_too_and_none_from_the_cache()
    {
        await world.HookAsync("ann");
        await world.App.ImageAsync("bob", "a fox");
        world.App.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True((await world.App.ImageAsync("ann", "a fox")).Flag("cached"));
        var deleted = (await world.App.ImageAsync("ann", "a cat")).Text("imageId");
        Assert.Equal(204, (await world.App.SendAsync(HttpMethod.Delete, $"images/{deleted}?userId=ann")).Status);
        AdvanceTo(new DateTimeOffset(2040, 5, 21, 8, 0, 0, TimeSpan.Zero));
        await SummarizeAsync(world.App);
        await world.RunAsync();

        var data = Assert.Single(world.Receiver.Requests).Json["data"]!;
        Assert.Equal((1, 1), ((int)data["calls"]!, (int)data["images"]!));
    }

    [Fact]
    public async Task Who_did_nothing_or_does_not_want_it_hears_nothing_and_the_next_week_is_another()
    {
        await world.HookAsync("idle");
        await world.App.SendAsync(HttpMethod.Put, "notifications/preferences?userId=quiet", new { webhookUrl = world.Receiver.Url, kinds = new { weekly_summary = Array.Empty<string>() } });
        await world.HookAsync("ann");
        await world.App.ImageAsync("quiet", "a fox");
        await world.App.ImageAsync("nobody", "a fox");
        for (var week = 0; week < 2; week++)
        {
            await world.App.ImageAsync("ann", $"fox {week}");
            world.App.Clock.Advance(TimeSpan.FromDays(7));
            await SummarizeAsync(world.App);
            await world.RunAsync();
        }

        Assert.Equal(["ann", "ann"], world.Receiver.Requests.Select(request => (string?)request.Json["accountId"]));
        Assert.Equal(2, world.Receiver.Ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Whom_the_first_run_of_a_Monday_did_not_reach_hears_from_a_later_one()
    {
        await world.HookAsync("ann");
        await world.App.ImageAsync("ann", "a fox");
        AdvanceTo(new DateTimeOffset(2040, 5, 21, 8, 0, 0, TimeSpan.Zero));
        world.Storage.Faults = request => request.Partition == "ann" ? Simulator.Storage.Fault.Busy503 : Simulator.Storage.Fault.None;
        await SummarizeAsync(world.App);
        world.Storage.Faults = _ => Simulator.Storage.Fault.None;
        var timer = typeof(WeeklySummary).GetMethod(nameof(WeeklySummary.Run))!.GetParameters()[0].GetCustomAttributes(typeof(TimerTriggerAttribute), inherit: false).Cast<TimerTriggerAttribute>().Single();
        AdvanceTo(new DateTimeOffset(NCrontab.CrontabSchedule.Parse(timer.Schedule, new() { IncludingSeconds = true }).GetNextOccurrence(world.App.Clock.GetUtcNow().UtcDateTime), TimeSpan.Zero));

        await SummarizeAsync(world.App);
        await world.RunAsync();

        Assert.Equal(new DateTimeOffset(2040, 5, 21, 11, 0, 0, TimeSpan.Zero), world.App.Clock.GetUtcNow());
        Assert.Single(world.Receiver.Requests);
    }

    private void AdvanceTo(DateTimeOffset at) => world.App.Clock.Advance(at - world.App.Clock.GetUtcNow());

    private static Task SummarizeAsync(TestApp app) => ActivatorUtilities.CreateInstance<WeeklySummary>(app.Services).Run(new TimerInfo(), CancellationToken.None);
}
