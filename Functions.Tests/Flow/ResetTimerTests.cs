using System.Globalization;
using Azure.Data.Tables;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Timers;
using ServerlessAi.Primitives;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Flow;

/// <summary>
/// The timer at midnight only makes visible early what the next command does anyway: the same days, over a leap day and the first of a month, end alike
/// however it runs.
/// </summary>
public sealed class ResetTimerTests
{
    private static readonly DateTimeOffset LeapDay = new(2040, 2, 29, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Users = ["ann", "bob", "cy"];

    // What every variant is compared with, found once.
    private static readonly Lazy<Task<string>> WithoutTimer = new(() => LiveAsync(Timer.Never));

    public enum Timer
    {
        Never,
        OnTime,
        Twice,
        HoursLate,
        WhileRequestsRun,
        OnTwoInstancesAtOnce,
    }

    [Theory]
    [InlineData(Timer.OnTime)]
    [InlineData(Timer.Twice)]
    [InlineData(Timer.HoursLate)]
    [InlineData(Timer.WhileRequestsRun)]
    [InlineData(Timer.OnTwoInstancesAtOnce)]
    public async Task However_the_timer_runs_balances_quotas_and_roll_ups_end_as_without_it(Timer timer) =>
        Assert.Equal(await WithoutTimer.Value, await LiveAsync(timer));

    [Fact]
    public async Task Without_the_timer_each_day_has_its_free_images_and_each_month_its_own_sums()
    {
        var outcome = await WithoutTimer.Value;

        // Four images a day, of which one is paid; the fourth day only asks.
        Assert.Contains("ann: 7 credits, 3 free images", outcome, StringComparison.Ordinal);
        Assert.Contains("ann: day 20400228: 3 free, 4 calls", outcome, StringComparison.Ordinal);
        Assert.Contains("ann: day 20400229: 3 free, 4 calls", outcome, StringComparison.Ordinal);
        Assert.Contains("ann: month 204002: 8 images", outcome, StringComparison.Ordinal);
        Assert.Contains("ann: month 204003: 4 images", outcome, StringComparison.Ordinal);
        // Reserved before midnight, settled after: they count where they were reserved.
        Assert.Contains("bob: day 20400228: 0 free, 3 calls", outcome, StringComparison.Ordinal);
        Assert.Contains("bob: day 20400229: 0 free, 3 calls", outcome, StringComparison.Ordinal);
        Assert.Contains("bob: day 20400301: 0 free, 2 calls", outcome, StringComparison.Ordinal);
        // Nobody touches this one after its only day.
        Assert.Contains("cy: day 20400228: 1 free, 1 calls", outcome, StringComparison.Ordinal);
        Assert.DoesNotContain("cy: day 20400229", outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_time_it_rolls_the_day_of_an_account_that_nobody_touches()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        await app.ImageAsync("cy", "a fox");
        app.Clock.Advance(TimeSpan.FromHours(13));

        await RunTimerAsync(app);

        var stored = (await app.Get<AccountStore>().ReadStoredAsync("cy"))!;
        Assert.Equal((Periods.DayOf(app.Clock.GetUtcNow()), 0), (stored.Day.Day, stored.Day.FreeImagesUsed));
    }

    /// <summary>Three days and two midnights, then a morning later, as text that must not depend on the timer.</summary>
    private static async Task<string> LiveAsync(Timer timer)
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var (one, storage) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>
        {
            ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
            ["Providers:OpenAI:BaseUrl"] = openAI.V1,
        });
        await using var owned = one;
        var (two, _) = await TestApp.StartSimulatedAsync(sharing: one, storage: storage);
        await using var alsoOwned = two;

        SetTime(one, LeapDay.AddHours(-4));
        await Task.WhenAll(DayAsync(one, two, "28"), one.ImageAsync("cy", "a single picture"));
        await MidnightAsync(timer, one, two, openAI, LeapDay, "29");
        await MidnightAsync(timer, one, two, openAI, LeapDay.AddDays(1), "1");
        SetTime(one, LeapDay.AddDays(2).AddHours(5));
        await (timer == Timer.Never ? Task.CompletedTask : RunTimerAsync(two));
        return await DescribeAsync(one);
    }

    /// <summary>A text is under way while the day ends; then come the new day's requests.</summary>
    private static async Task MidnightAsync(Timer timer, TestApp one, TestApp two, OpenAIStandIn openAI, DateTimeOffset midnight, string day)
    {
        SetTime(one, midnight.AddSeconds(-1));
        var gate = new TaskCompletionSource();
        openAI.Script("gpt-4.1", Behaviour.After(gate.Task));
        var before = openAI.Requests.Count;
        var underWay = one.CompleteAsync("bob", "over midnight to " + day, "openai-gpt-4.1");
        await Wait.UntilAsync(() => openAI.Requests.Count > before, "the text before midnight reached the vendor");
        SetTime(one, midnight);
        await (timer switch
        {
            Timer.OnTime => RunTimerAsync(one),
            Timer.Twice => TwiceAsync(one),
            Timer.OnTwoInstancesAtOnce => Task.WhenAll(RunTimerAsync(one), RunTimerAsync(two)),
            _ => Task.CompletedTask,
        });
        var timers = timer == Timer.WhileRequestsRun ? Task.WhenAll(Enumerable.Range(0, 10).Select(i => RunTimerAsync(i % 2 == 0 ? one : two))) : Task.CompletedTask;
        gate.SetResult();
        openAI.Script("gpt-4.1", Behaviour.Success);
        Assert.Equal(200, (await underWay).Status);
        await Task.WhenAll(timers, DayAsync(one, two, day));
        SetTime(one, midnight.AddHours(7));
        await (timer == Timer.HoursLate ? RunTimerAsync(two) : Task.CompletedTask);
    }

    // Each user sends one after the other, now to one instance and now to the other; the users do not wait for each other.
    private static Task DayAsync(TestApp one, TestApp two, string day)
    {
        return Task.WhenAll(AnnAsync(), BobAsync());

        async Task AnnAsync()
        {
            for (var i = 0; i < 4; i++)
            {
                Assert.Equal(200, (await (i % 2 == 0 ? one : two).ImageAsync("ann", $"picture {i} of {day}")).Status);
            }
        }

        async Task BobAsync()
        {
            for (var i = 0; i < 2; i++)
            {
                Assert.Equal(200, (await (i % 2 == 0 ? two : one).CompleteAsync("bob", $"text {i} of {day}", "openai-gpt-4.1")).Status);
            }
        }
    }

    private static async Task TwiceAsync(TestApp app)
    {
        await RunTimerAsync(app);
        await RunTimerAsync(app);
    }

    private static Task RunTimerAsync(TestApp app) =>
        ActivatorUtilities.CreateInstance<ResetQuotas>(app.Services).Run(new TimerInfo(), CancellationToken.None);

    private static void SetTime(TestApp app, DateTimeOffset at) => app.Clock.Advance(at - app.Clock.GetUtcNow());

    private static async Task<string> DescribeAsync(TestApp app)
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var lines = new List<string>();
        foreach (var user in Users)
        {
            var view = await app.Get<AccountViews>().ReadAsync(user);
            lines.Add(Line($"{user}: {view.AvailableCredits} credits, {view.FreeImagesLeftToday} free images, {view.TokensLeftToday} tokens, ${view.MonthSpendUsd} of ${view.MonthCapUsd}, {view.HeldCredits} held"));
            var ledger = await app.Get<AccountHistory>().ReadEntriesAsync(user, AccountHistory.PageLimit, before: null, CancellationToken.None);
            lines.AddRange(ledger.Select(entry => Line($"{user}: entry {entry.Sequence}: {entry.Kind} {entry.AmountMicro} makes {entry.BalanceMicro}")));
            await foreach (var row in client.QueryAsync<TableEntity>(row => row.PartitionKey == user && row.RowKey.CompareTo("day|") >= 0 && row.RowKey.CompareTo("day}") < 0))
            {
                var day = AccountRows.ToDay(row);
                lines.Add(Line($"{user}: day {day.Day}: {day.FreeImagesUsed} free, {day.Calls} calls, {day.Failures} failed, {day.TokensUsed} tokens, {day.ChargedMicro} charged, {day.CostNanoUsd} cost"));
            }

            await foreach (var row in client.QueryAsync<TableEntity>(row => row.PartitionKey == user && row.RowKey.CompareTo("month|") >= 0 && row.RowKey.CompareTo("month}") < 0))
            {
                var month = AccountRows.ToMonth(row);
                var providers = string.Join(';', month.Providers);
                lines.Add(Line($"{user}: month {month.Month}: {month.Images} images, {month.Calls} calls, {month.Failures} failed, {month.Tokens} tokens, {month.ChargedMicro} charged, {month.CostNanoUsd} cost, {month.CostHeldNanoUsd} held, {providers}"));
            }
        }

        return string.Join('\n', lines);
    }

    private static string Line(FormattableString line) => line.ToString(CultureInfo.InvariantCulture);
}
