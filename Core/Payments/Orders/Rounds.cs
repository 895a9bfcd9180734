using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments.Orders;

/// <summary>A timer's walk over what is due. One item that cannot be looked after does not keep the others from it.</summary>
public sealed partial class Rounds(Agenda agenda, TimeProvider time, ILogger<Rounds> logger)
{
    /// <exception cref="Exception">The first that was none of storage being away, after all items were looked after: a bug, which the platform should show.</exception>
    public async Task EachAsync(TaskKind kind, Func<AgendaItem, Task> lookAfter, CancellationToken cancellationToken)
    {
        ExceptionDispatchInfo? bug = null;
        foreach (var item in await agenda.ReadDueAsync(kind, time.GetUtcNow(), cancellationToken))
        {
            try
            {
                await lookAfter(item);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && StorageFaults.IsUnavailable(exception))
            {
                LogNotNow(logger, exception, kind);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                LogBug(logger, exception, kind, item.Id);
                bug ??= ExceptionDispatchInfo.Capture(exception);
                await PutBehindAsync(item, cancellationToken);
            }
        }

        bug?.Throw();
    }

    // Of top-ups all are looked at in each round: none waits behind another.
    private async Task PutBehindAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        try
        {
            await (item.Kind == TaskKind.TopUp ? Task.CompletedTask : agenda.PutBehindAsync(item, cancellationToken));
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && StorageFaults.IsUnavailable(exception))
        {
            LogNotNow(logger, exception, item.Kind);
        }
    }

    [LoggerMessage(LogLevel.Warning, "A task of the kind {Kind} could not be looked after now; it is tried again.")]
    private static partial void LogNotNow(ILogger logger, Exception exception, TaskKind kind);

    [LoggerMessage(LogLevel.Error, "{Kind} {Id} cannot be looked after; the others are.")]
    private static partial void LogBug(ILogger logger, Exception exception, TaskKind kind, string id);
}
