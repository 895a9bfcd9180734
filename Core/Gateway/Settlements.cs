using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi;

/// <summary>
/// Ends holds, now or later: an answer is never withheld because its charge cannot be written at the moment. What storage does not take is tried
/// again with growing pauses, and a last time while the app stops. Settling is idempotent, so trying again charges once.
/// </summary>
public sealed partial class Settlements(AccountStore accounts, TimeProvider time, ILogger<Settlements> logger) : BackgroundService
{
    private const int WaitingLimit = 10_000;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly Channel<(string AccountId, Command Command)> waiting = Channel.CreateBounded<(string, Command)>(WaitingLimit);

    /// <returns>How the hold ended; null when storage does not take it now and it will be tried again.</returns>
    public async Task<Ended?> EndAsync(string accountId, Command command)
    {
        switch (await accounts.ExecuteAsync(accountId, command))
        {
            case Ended ended:
                return ended;
            case Refused { Refusal.Code: RefusalCodes.StorageUnavailable or RefusalCodes.AccountBusy } refused:
                LogLater(logger, command.OperationId, refused.Refusal.Code);
                EndLater(accountId, command);
                return null;
            case var other:
                LogUnexpected(logger, command.OperationId, other.ToString());
                return null;
        }
    }

    /// <summary>Ends a hold when storage is there again; a hold that does not exist needs no ending.</summary>
    public void EndLater(string accountId, Command command)
    {
        if (!waiting.Writer.TryWrite((accountId, command)))
        {
            LogLost(logger, command.OperationId);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = ShortestPause;
        try
        {
            await foreach (var (accountId, command) in waiting.Reader.ReadAllAsync(stoppingToken))
            {
                if (await TryAsync(accountId, command))
                {
                    pause = ShortestPause;
                    continue;
                }

                // To the end of the queue: one busy account must not hold up the others.
                waiting.Writer.TryWrite((accountId, command));
                await Task.Delay(pause, time, stoppingToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The rest is tried in StopAsync.
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        while (!cancellationToken.IsCancellationRequested && waiting.Reader.TryRead(out var left))
        {
            if (!await TryAsync(left.AccountId, left.Command))
            {
                LogLost(logger, left.Command.OperationId);
            }
        }
    }

    private async Task<bool> TryAsync(string accountId, Command command) =>
        await accounts.ExecuteAsync(accountId, command) is not Refused { Refusal.Code: RefusalCodes.StorageUnavailable or RefusalCodes.AccountBusy };

    [LoggerMessage(LogLevel.Warning, "Operation {OperationId} could not be settled now ({Code}); it will be tried again.")]
    private static partial void LogLater(ILogger logger, string operationId, string code);

    [LoggerMessage(LogLevel.Error, "Operation {OperationId} stays unsettled; its hold expires by itself.")]
    private static partial void LogLost(ILogger logger, string operationId);

    [LoggerMessage(LogLevel.Error, "Operation {OperationId} ended unexpectedly: {Outcome}.")]
    private static partial void LogUnexpected(ILogger logger, string operationId, string? outcome);
}
