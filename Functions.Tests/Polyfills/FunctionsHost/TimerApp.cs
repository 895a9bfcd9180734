using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

/// <summary>What the timers of a test did, and when; shared with their functions through DI.</summary>
internal sealed class TimerLog(ManualTime time)
{
    private readonly ConcurrentQueue<(string Name, DateTime At, TimerInfo Info)> _runs = new();

    public IReadOnlyList<(string Name, DateTime At, TimerInfo Info)> Runs => [.. _runs];

    /// <summary>A run waits here when a test wants it to take long.</summary>
    public TaskCompletionSource? Hold { get; set; }

    public bool Throw { get; set; }

    public async Task RunAsync(string name, TimerInfo info)
    {
        _runs.Enqueue((name, time.GetUtcNow().UtcDateTime, info));
        if (Hold is { } hold)
        {
            await hold.Task;
        }

        if (Throw)
        {
            throw new InvalidOperationException("on purpose");
        }
    }
}

/// <summary>A host whose timers follow a manual clock.</summary>
internal sealed class TimerApp(LocalApp app, ManualTime time, TimerLog log) : IAsyncDisposable
{
    public LocalApp App { get; } = app;

    public ManualTime Time { get; } = time;

    public TimerLog Log { get; } = log;

    public static async Task<TimerApp> StartAsync(ManualTime time, string[] args, params Type[] functions)
    {
        var log = new TimerLog(time);
        var options = new LocalAppOptions { Args = args, Configure = b => b.Services.AddSingleton<TimeProvider>(time).AddSingleton(log) };
        return new TimerApp(await LocalApp.StartAsync(options, functions), time, log);
    }

    /// <summary>Advances once the timer has set a wake-up within that time, then waits until that many runs have begun.</summary>
    public async Task AdvanceAsync(TimeSpan by, int runs)
    {
        await WaitForScheduleAsync(by);
        Time.Advance(by);
        await UntilRunsAsync(runs);
    }

    /// <summary>A run under way has a timer too, its time limit of half an hour; the schedules of these tests are shorter.</summary>
    public Task WaitForScheduleAsync(TimeSpan within) => Wait.UntilAsync(() => Time.NextDue <= Time.GetUtcNow() + within, "a timer waits for its next run");

    public Task UntilRunsAsync(int runs) => Wait.UntilAsync(() => Log.Runs.Count >= runs, $"{runs} runs began");

    public ValueTask DisposeAsync() => App.DisposeAsync();
}
