using System.Collections.ObjectModel;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>One timer: waits, runs, and never runs twice at once.</summary>
internal sealed partial class TimerRunner(
    LocalFunction function, TimerSchedule schedule, ScheduleMonitor monitor, FunctionInvoker invoker, TimeProvider time, ILogger log)
{
    /// <summary>Timers cannot wait longer than 49 days at a stretch.</summary>
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(1);

    private readonly SemaphoreSlim _oneAtATime = new(1, 1);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <param name="stop">Ends the schedule; a run under way goes on.</param>
    /// <param name="abort">Fires the function's own token.</param>
    public async Task FollowScheduleAsync(CancellationToken stop, CancellationToken abort)
    {
        var monitored = function.Timer!.UseMonitor && !schedule.IsTooFrequentToMonitor(Now);
        try
        {
            var pastDue = monitored && monitor.IsPastDue(function.Name, schedule, Now);
            if (pastDue || function.Timer.RunOnStartup)
            {
                await Task.Run(() => RunAsync(pastDue, monitored, abort), stop);
            }

            while (!stop.IsCancellationRequested)
            {
                await WaitAsync(schedule.Next(Now), stop);
                await RunAsync(isPastDue: false, monitored, abort);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            LogStopped(log, function.Name);
        }
    }

    public Task RunOnceAsync(CancellationToken abort) => RunAsync(isPastDue: false, monitored: false, abort);

    private async Task WaitAsync(DateTime next, CancellationToken stop)
    {
        // A timer may come a moment early; the schedule decides.
        while (next - Now is var remaining && remaining > TimeSpan.Zero)
        {
            var wait = remaining < s_longestWait ? TimeSpan.FromMilliseconds(Math.Ceiling(remaining.TotalMilliseconds)) : s_longestWait;
            await Task.Delay(wait, time, stop);
        }
    }

    private async Task RunAsync(bool isPastDue, bool monitored, CancellationToken abort)
    {
        await _oneAtATime.WaitAsync(abort);
        try
        {
            var started = Now;
            var info = new TimerInfo { IsPastDue = isPastDue, ScheduleStatus = monitored ? monitor.Read(function.Name) : null };
            await InvokeAsync(info, abort);
            if (monitored)
            {
                monitor.Write(function.Name, new ScheduleStatus { Last = started, Next = schedule.Next(started), LastUpdated = started });
            }
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task InvokeAsync(TimerInfo info, CancellationToken abort)
    {
        try
        {
            await invoker.InvokeAsync(function, info, ReadOnlyDictionary<string, object?>.Empty, abort);
        }
        catch (Exception failed)
        {
            // Whatever the function throws is this run's failure; the schedule goes on.
            LogFailed(log, failed, function.Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Timer {Function} failed; its schedule goes on")]
    private static partial void LogFailed(ILogger logger, Exception failed, string function);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Timer {Function} stopped")]
    private static partial void LogStopped(ILogger logger, string function);
}
