using System.Net;
using System.Net.Http.Json;
using Microsoft.Azure.Functions.Worker;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

public sealed class TimerRuns
{
    private static readonly DateTimeOffset s_noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ManualTime _time = new(s_noon);

    [Theory]
    [InlineData(typeof(SixFields), 30)]
    [InlineData(typeof(FiveFields), 300)]
    [InlineData(typeof(Interval), 90)]
    public async Task A_schedule_may_have_six_fields_or_five_or_be_a_time_span(Type function, int firstAfterSeconds)
    {
        await using var app = await TimerApp.StartAsync(_time, [], function);
        await app.WaitForScheduleAsync(TimeSpan.FromSeconds(firstAfterSeconds));
        _time.Advance(TimeSpan.FromSeconds(firstAfterSeconds - 1));
        Assert.Empty(app.Log.Runs);
        await app.AdvanceAsync(TimeSpan.FromSeconds(1), runs: 1);
        Assert.Equal(s_noon.UtcDateTime.AddSeconds(firstAfterSeconds), Assert.Single(app.Log.Runs).At);
    }

    [Fact]
    public async Task A_schedule_may_come_from_a_setting()
    {
        await using var app = await TimerApp.StartAsync(_time, ["--Clock:Schedule=0 */10 * * * *"], typeof(FromSetting));
        await app.AdvanceAsync(TimeSpan.FromMinutes(10), runs: 1);
        Assert.Equal(s_noon.UtcDateTime.AddMinutes(10), Assert.Single(app.Log.Runs).At);
    }

    [Fact]
    public async Task A_timer_goes_on_tick_after_tick_and_knows_its_last_and_next_run()
    {
        await using var app = await TimerApp.StartAsync(_time, [], typeof(FiveFields));
        await app.AdvanceAsync(TimeSpan.FromMinutes(5), runs: 1);
        await app.AdvanceAsync(TimeSpan.FromMinutes(5), runs: 2);
        var status = app.Log.Runs[1].Info.ScheduleStatus!;
        Assert.Equal((s_noon.UtcDateTime.AddMinutes(5), s_noon.UtcDateTime.AddMinutes(10)), (status.Last, status.Next));
        Assert.All(app.Log.Runs, run => Assert.False(run.Info.IsPastDue));
    }

    [Fact]
    public async Task A_run_that_takes_longer_than_its_interval_does_not_overlap_itself()
    {
        await using var app = await TimerApp.StartAsync(_time, [], typeof(FiveFields));
        var hold = app.Log.Hold = new TaskCompletionSource();
        await app.AdvanceAsync(TimeSpan.FromMinutes(5), runs: 1);
        _time.Advance(TimeSpan.FromMinutes(30));
        await Task.Delay(50);
        Assert.Single(app.Log.Runs);
        app.Log.Hold = null;
        hold.SetResult();
        await app.AdvanceAsync(TimeSpan.FromMinutes(5), runs: 2);
        Assert.Equal(s_noon.UtcDateTime.AddMinutes(40), app.Log.Runs[1].At);
    }

    [Fact]
    public async Task A_failing_run_is_logged_and_the_schedule_goes_on()
    {
        await using var app = await TimerApp.StartAsync(_time, [], typeof(FiveFields));
        app.Log.Throw = true;
        await app.AdvanceAsync(TimeSpan.FromMinutes(5), runs: 1);
        await app.AdvanceAsync(TimeSpan.FromMinutes(5), runs: 2);
        Assert.Contains(app.App.Logs.Lines, line => line.Text.Contains("Timer FiveFields failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_on_startup_runs_at_the_start()
    {
        await using var app = await TimerApp.StartAsync(_time, [], typeof(AtStart));
        await app.UntilRunsAsync(1);
        Assert.False(app.Log.Runs[0].Info.IsPastDue);
    }

    [Fact]
    public async Task A_tick_missed_while_the_host_was_down_fires_once_past_due()
    {
        var data = Directory.CreateTempSubdirectory("timers-");
        await using (var first = await TimerApp.StartAsync(_time, ["--data", data.FullName], typeof(FiveFields)))
        {
            await first.AdvanceAsync(TimeSpan.FromMinutes(5), runs: 1);
            await first.WaitForScheduleAsync(TimeSpan.FromMinutes(5));
        }

        _time.Advance(TimeSpan.FromHours(3));
        await using (var second = await TimerApp.StartAsync(_time, ["--data", data.FullName], typeof(FiveFields)))
        {
            await second.UntilRunsAsync(1);
            Assert.True(second.Log.Runs[0].Info.IsPastDue);
            await second.AdvanceAsync(TimeSpan.FromMinutes(5), runs: 2);
            Assert.False(second.Log.Runs[1].Info.IsPastDue);
        }

        data.Delete(recursive: true);
    }

    [Fact]
    public async Task A_tick_missed_without_monitor_is_gone()
    {
        var data = Directory.CreateTempSubdirectory("timers-");
        await using (var first = await TimerApp.StartAsync(_time, ["--data", data.FullName], typeof(Unmonitored)))
        {
            await first.AdvanceAsync(TimeSpan.FromMinutes(5), runs: 1);
            Assert.Null(first.Log.Runs[0].Info.ScheduleStatus);
        }

        _time.Advance(TimeSpan.FromHours(3));
        await using var second = await TimerApp.StartAsync(_time, ["--data", data.FullName], typeof(Unmonitored));
        await second.WaitForScheduleAsync(TimeSpan.FromMinutes(5));
        Assert.Empty(second.Log.Runs);
        data.Delete(recursive: true);
    }

    [Theory]
    [InlineData("--AzureWebJobs.FiveFields.Disabled=true")]
    [InlineData("--AzureWebJobs:FiveFields:Disabled=1")]
    public async Task A_disabled_timer_runs_only_when_asked(string setting)
    {
        await using var app = await TimerApp.StartAsync(_time, [setting], typeof(FiveFields));
        _time.Advance(TimeSpan.FromHours(1));
        await Task.Delay(50);
        Assert.Empty(app.Log.Runs);
        using var answer = await app.App.Http.PostAsJsonAsync("/admin/functions/fivefields", new { input = "" });
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        await app.UntilRunsAsync(1);
    }

    internal sealed class SixFields(TimerLog log)
    {
        [Function("SixFields")]
        public Task Run([TimerTrigger("30 * * * * *")] TimerInfo timer) => log.RunAsync("SixFields", timer);
    }

    internal sealed class FiveFields(TimerLog log)
    {
        [Function("FiveFields")]
        public Task Run([TimerTrigger("*/5 * * * *")] TimerInfo timer) => log.RunAsync("FiveFields", timer);
    }

    internal sealed class Interval(TimerLog log)
    {
        [Function("Interval")]
        public Task Run([TimerTrigger("00:01:30")] TimerInfo timer) => log.RunAsync("Interval", timer);
    }

    internal sealed class FromSetting(TimerLog log)
    {
        [Function("FromSetting")]
        public Task Run([TimerTrigger("%Clock__Schedule%")] TimerInfo timer) => log.RunAsync("FromSetting", timer);
    }

    internal sealed class AtStart(TimerLog log)
    {
        [Function("AtStart")]
        public Task Run([TimerTrigger("*/5 * * * *", RunOnStartup = true)] TimerInfo timer) => log.RunAsync("AtStart", timer);
    }

    internal sealed class Unmonitored(TimerLog log)
    {
        [Function("Unmonitored")]
        public Task Run([TimerTrigger("*/5 * * * *", UseMonitor = false)] TimerInfo timer) => log.RunAsync("Unmonitored", timer);
    }
}
