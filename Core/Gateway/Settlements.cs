using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ServerlessAi.Accounts;
using ServerlessAi.Storage;

namespace ServerlessAi;

/// <summary>
/// Ends holds, now or later: an answer is never withheld because its charge cannot be written at the moment. What storage does not take is written
/// down (<see cref="Unsettled"/>), where any instance finds it, and tried again here with growing pauses. Ending a hold is idempotent, so trying again
/// charges once. When the app stops, operations under way are waited for, and what still waits is carried out or written down, as long as there is time.
/// </summary>
public sealed partial class Settlements(AccountStore accounts, Unsettled unsettled, TimeProvider time, ILogger<Settlements> logger) : BackgroundService
{
    private const int WaitingLimit = 10_000;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    // The caller waits for this with an answer in hand, on top of what the account's store has taken.
    private static readonly TimeSpan KeepPatience = TimeSpan.FromSeconds(1);

    private readonly Channel<Waiting> waiting = Channel.CreateBounded<Waiting>(WaitingLimit);
    private readonly UnderWay underWay = new();

    /// <param name="IsKept">Its row is surely there, so that another instance finishes what this one cannot.</param>
    private sealed record Waiting(string AccountId, Command Command, bool IsKept);

    /// <summary>An operation that may hold credits until it is disposed of: the app does not stop before, as long as it may wait.</summary>
    public IDisposable Begin() => underWay.Begin();

    /// <returns>How the hold ended; null when storage does not take it now and it will be tried again.</returns>
    public async Task<Ended?> EndAsync(string accountId, Command command)
    {
        var outcome = await accounts.ExecuteAsync(accountId, command);
        if (!Unsettled.IsFinal(outcome))
        {
            LogLater(logger, command.OperationId);
            await EndLaterAsync(accountId, command);
            return null;
        }

        if (outcome is Ended ended)
        {
            return ended;
        }

        LogUnexpected(logger, command.OperationId, outcome.ToString());
        return null;
    }

    /// <summary>Ends a hold when storage is there again; a hold that does not exist needs no ending.</summary>
    public async Task EndLaterAsync(string accountId, Command command)
    {
        var isKept = await unsettled.KeepAsync(accountId, command, KeepPatience);
        Enqueue(new Waiting(accountId, command, isKept));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = ShortestPause;
        try
        {
            await foreach (var next in waiting.Reader.ReadAllAsync(stoppingToken))
            {
                if (await TryAsync(next))
                {
                    pause = ShortestPause;
                    continue;
                }

                // To the end of the queue: one busy account must not hold up the others.
                Enqueue(next);
                await Task.Delay(pause, time, stoppingToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The rest is tried in StopAsync.
        }
    }

    /// <summary>
    /// The web server stops first and waits for its requests, as long as their clients are there; what goes on without a client is waited for here.
    /// An operation that outlasts this leaves its hold to lapse.
    /// </summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await underWay.None.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogUnderWay(logger, underWay.Count);
        }

        await base.StopAsync(cancellationToken);
        await DrainAsync(cancellationToken);
        await Task.WhenAll(Leftovers().Select(KeepAsync));
    }

    // What is written down holds nothing up: another instance, or this one's successor, carries it out within a minute.
    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested && waiting.Reader.TryRead(out var next))
            {
                if (!await TryAsync(next) && !next.IsKept && !await unsettled.KeepAsync(next.AccountId, next.Command, KeepPatience))
                {
                    Enqueue(next);
                    await Task.Delay(ShortestPause, time, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Time is up; what is left is written down.
        }
    }

    private IEnumerable<Waiting> Leftovers()
    {
        while (waiting.Reader.TryRead(out var left))
        {
            yield return left;
        }
    }

    private async Task KeepAsync(Waiting left)
    {
        if (!left.IsKept && !await unsettled.KeepAsync(left.AccountId, left.Command, KeepPatience))
        {
            LogLost(logger, left.Command.OperationId);
        }
    }

    private void Enqueue(Waiting next)
    {
        if (!waiting.Writer.TryWrite(next) && !next.IsKept)
        {
            LogLost(logger, next.Command.OperationId);
        }
    }

    private async Task<bool> TryAsync(Waiting next)
    {
        try
        {
            if (!Unsettled.IsFinal(await accounts.ExecuteAsync(next.AccountId, next.Command)))
            {
                return false;
            }

            // Even when the row is not surely there: its write may have arrived all the same.
            await unsettled.ForgetAsync(next.AccountId, next.Command.OperationId, CancellationToken.None);
            return true;
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception))
        {
            // An account that cannot be read must not end the settling of all others.
            LogNotTaken(logger, exception, next.Command.OperationId);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Operation {OperationId} could not be settled now; it will be tried again.")]
    private static partial void LogLater(ILogger logger, string operationId);

    [LoggerMessage(LogLevel.Error, "Operation {OperationId} could not be settled.")]
    private static partial void LogNotTaken(ILogger logger, Exception exception, string operationId);

    [LoggerMessage(LogLevel.Error, "Operation {OperationId} stays unsettled; its hold expires by itself, and its worst case counts as cost.")]
    private static partial void LogLost(ILogger logger, string operationId);

    [LoggerMessage(LogLevel.Error, "{Operations} operations are still under way at the end of the time for stopping; their holds expire by themselves.")]
    private static partial void LogUnderWay(ILogger logger, int operations);

    [LoggerMessage(LogLevel.Error, "Operation {OperationId} ended unexpectedly: {Outcome}.")]
    private static partial void LogUnexpected(ILogger logger, string operationId, string? outcome);
}
