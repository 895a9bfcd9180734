using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>Starts the timers once the app serves, and lets running ones finish when it stops.</summary>
internal sealed partial class TimersService(
    IReadOnlyDictionary<LocalFunction, TimerRunner> runners, Func<LocalFunction, bool> isServed, ILogger<TimersService> log)
    : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _work = [];

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var (function, runner) in runners)
        {
            if (isServed(function))
            {
                Track(runner.FollowScheduleAsync(_stop.Token, _abort.Token), function);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Runs a timer at once, a disabled one too, as the real host does. False when the function is no timer.</summary>
    public bool TryRunNow(LocalFunction function)
    {
        if (!runners.TryGetValue(function, out var runner))
        {
            return false;
        }

        Track(Task.Run(() => runner.RunOnceAsync(_abort.Token), CancellationToken.None), function);
        return true;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => _stop.CancelAsync();

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(Snapshot()).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The time to finish is over: now the functions' own tokens fire.
            await _abort.CancelAsync();
            LogUnfinished(log);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _abort.Cancel();
        _stop.Dispose();
        _abort.Dispose();
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Track(Task work, LocalFunction function)
    {
        lock (_lock)
        {
            _work.Add(work);
        }

        _ = ForgetAsync(work, function);
    }

    private async Task ForgetAsync(Task work, LocalFunction function)
    {
        try
        {
            await work;
        }
        catch (OperationCanceledException) when (_abort.IsCancellationRequested)
        {
            LogUnfinished(log);
        }
        catch (Exception failed)
        {
            // A run's own failure is caught where it runs: this is the schedule itself, such as an unwritable data folder.
            LogBroken(log, failed, function.Name);
        }
        finally
        {
            lock (_lock)
            {
                _work.Remove(work);
            }
        }
    }

    private Task[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _work];
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The schedule of timer {Function} broke down")]
    private static partial void LogBroken(ILogger logger, Exception failed, string function);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The host stops before a timer has finished")]
    private static partial void LogUnfinished(ILogger logger);
}
