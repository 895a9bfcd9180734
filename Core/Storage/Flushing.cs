using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ServerlessAi.Storage;

/// <summary>Collects in memory what may arrive a little late and writes it out when told.</summary>
public interface IFlushed
{
    /// <summary>Writes what has been collected. What cannot be written may be kept for the next time or dropped, as the implementer says.</summary>
    Task FlushAsync(CancellationToken cancellationToken);
}

/// <summary>Flushes every collector each five seconds, and a last time when the app stops.</summary>
public sealed partial class Flushing(IEnumerable<IFlushed> collectors, TimeProvider time, ILogger<Flushing> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await FlushAllAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping: the last flush follows in StopAsync.
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await FlushAllAsync(cancellationToken);
    }

    private async Task FlushAllAsync(CancellationToken cancellationToken)
    {
        foreach (var collector in collectors)
        {
            try
            {
                await collector.FlushAsync(cancellationToken);
            }
            catch (Exception exception) when (StorageFaults.IsAny(exception))
            {
                LogNotFlushed(logger, exception, collector.GetType().Name);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Collector} could not be flushed.")]
    private static partial void LogNotFlushed(ILogger logger, Exception exception, string collector);
}
