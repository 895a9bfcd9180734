using System.Collections.Concurrent;
using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Notifications;

/// <summary>
/// Sends what is due. Each item is claimed first, so that of two instances one sends it; whoever dies at it is followed by another when the claim lapses. What
/// fails is tried again, later each time, and given up in the end. A run does a bounded amount of work and leaves the rest to the next; a destination that
/// has failed is left alone for the rest of the run.
/// </summary>
public sealed partial class Deliverer(
    OutboxQueue queue, Intents intents, IEnumerable<IChannel> channels, TimeProvider time, IIdSource ids, ILogger<Deliverer> logger)
{
    private const int AtOnce = 8;
    private const int ScanLimit = 20_000;
    private const int LineLimit = 200;
    private const int PassesLimit = 3;

    /// <summary>Waits after the first failure, the second, and so on; after the last one the item is given up.</summary>
    public static readonly TimeSpan[] Backoff =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(6), TimeSpan.FromHours(12), TimeSpan.FromHours(24),
    ];

    /// <summary>How long what was given up is kept.</summary>
    public static readonly TimeSpan DeadLife = TimeSpan.FromDays(14);

    /// <summary>Longer than any channel takes to send, so that nobody else begins meanwhile.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);

    // The fault of the item; its destination may be well.
    private const string Broken = "internal";

    /// <summary>How old something may become that waits behind others for a destination that is away.</summary>
    public static readonly TimeSpan WaitLimit = TimeSpan.FromDays(3);

    // Nothing begins after this; the next run is a minute away.
    private static readonly TimeSpan Begin = TimeSpan.FromSeconds(45);

    // Waits differ by so much of their length: what failed together is not tried again together.
    private const double Spread = 0.2;

    private readonly FrozenDictionary<string, IChannel> byName = channels.ToFrozenDictionary(channel => channel.Name, StringComparer.Ordinal);

    public async Task<int> DeliverAsync(CancellationToken cancellationToken)
    {
        var run = new Run(time.GetTimestamp());
        do
        {
            run.HasMore = false;
            var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
            // One after the other to one destination: who is slow, or hangs, takes one place of many, whatever waits for them.
            await System.Threading.Tasks.Parallel.ForEachAsync(await LinesAsync(cancellationToken), options, async (line, token) =>
            {
                foreach (var stored in line.Value.TakeWhile(_ => time.GetElapsedTime(run.StartedAt) < Begin))
                {
                    await TryAsync(stored, line.Key, run, token);
                }
            });
        }
        while (run.HasMore && ++run.Passes < PassesLimit && time.GetElapsedTime(run.StartedAt) < Begin);

        await PruneAsync(cancellationToken);
        LogDelivered(logger, run.Sent);
        return run.Sent;
    }

    /// <summary>What is due, by destination. Of one that has been away for long only the oldest are looked at, so that others are found behind them.</summary>
    private async Task<Dictionary<string, List<StoredItem>>> LinesAsync(CancellationToken cancellationToken)
    {
        var lines = new Dictionary<string, List<StoredItem>>(StringComparer.Ordinal);
        await foreach (var stored in queue.DueAsync(time.GetUtcNow(), cancellationToken).Take(ScanLimit).WithCancellation(cancellationToken))
        {
            var destination = DestinationOf(stored.Item);
            if (!lines.TryGetValue(destination, out var line))
            {
                lines.Add(destination, line = []);
            }

            if (line.Count < LineLimit)
            {
                line.Add(stored);
            }
        }

        return lines;
    }

    private async Task TryAsync(StoredItem stored, string destination, Run run, CancellationToken cancellationToken)
    {
        var hasFailed = run.HasFailed(destination, stored.Item.Channel);
        if (hasFailed && time.GetUtcNow() - stored.Item.CreatedAt < WaitLimit)
        {
            return;
        }

        try
        {
            if (await queue.ClaimAsync(stored, time.GetUtcNow() + Lease, cancellationToken) is not { } claimed)
            {
                return;
            }

            if (claimed.Item.Channel is null)
            {
                if (await intents.ExpandAsync(claimed, cancellationToken))
                {
                    run.HasMore = true;
                }

                return;
            }

            // Behind others of its destination its tries may never be used up.
            var delivery = hasFailed ? Delivery.Refused("waited_too_long") : await SendAsync(claimed.Item, cancellationToken);
            if (delivery is { Outcome: DeliveryOutcome.Failed, Error: not Broken })
            {
                run.Fail(delivery.IsOfChannel ? claimed.Item.Channel : destination);
            }

            await SettleAsync(claimed, delivery, run, cancellationToken);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception) && !cancellationToken.IsCancellationRequested)
        {
            // The claim lapses, and it is tried again; the other items must not wait for that.
            LogNotTried(logger, exception, stored.Item.Id);
        }
    }

    private async Task<Delivery> SendAsync(OutboxItem item, CancellationToken cancellationToken)
    {
        if (!byName.TryGetValue(item.Channel!, out var channel))
        {
            // A newer build wrote it.
            return Delivery.Failed("unknown_channel");
        }

        try
        {
            return await channel.SendAsync(item, Message.Of(item), cancellationToken);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException && !StorageFaults.IsUnavailable(exception))
        {
            // A bug, or a body that is not of its kind: counted as a failure, it ends among the dead, where somebody sees it, and holds up nothing until then.
            LogBroken(logger, exception, item.Id, item.Kind);
            return Delivery.Failed(Broken);
        }
    }

    private async Task SettleAsync(StoredItem claimed, Delivery delivery, Run run, CancellationToken cancellationToken)
    {
        var (item, now) = (claimed.Item, time.GetUtcNow());
        var tried = item with { Attempts = item.Attempts + 1, Error = delivery.Error };
        switch (delivery.Outcome)
        {
            case DeliveryOutcome.Sent:
                run.CountSent();
                await queue.CompleteAsync(claimed, cancellationToken);
                break;
            case DeliveryOutcome.Unwanted:
                await queue.CompleteAsync(claimed, cancellationToken);
                break;
            case DeliveryOutcome.Failed when item.Attempts < Backoff.Length:
                LogFailed(logger, item.Id, item.Kind, item.Channel!, delivery.Error!, tried.Attempts);
                await queue.PostponeAsync(claimed with { Item = tried with { DueAt = now + Backoff[item.Attempts] * (1 - Spread / 2 + Spread * ids.NextJitter()) } }, cancellationToken);
                break;
            default:
                LogDead(logger, item.Id, item.Kind, item.Channel!, delivery.Error!, tried.Attempts);
                await queue.BuryAsync(claimed with { Item = tried with { DueAt = now } }, cancellationToken);
                break;
        }
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        try
        {
            var now = time.GetUtcNow();
            await queue.PruneAsync(OutboxRows.DeadFirst, OutboxRows.Dead(now - DeadLife), cancellationToken);
            await queue.PruneAsync(CodeAllowance.First, CodeAllowance.PartitionOf(now.AddDays(-1)), cancellationToken);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception) && !cancellationToken.IsCancellationRequested)
        {
            // The next run does it.
            LogNotPruned(logger, exception);
        }
    }

    private string DestinationOf(OutboxItem item) => item.Channel switch
    {
        null => "intent|" + item.Id,
        var name when byName.TryGetValue(name, out var channel) && !channel.IsOfAccount => name,
        var name => $"{name}|{item.AccountId}",
    };

    private sealed class Run(long startedAt)
    {
        private readonly ConcurrentDictionary<string, bool> failed = new(StringComparer.Ordinal);
        private int sent;

        public long StartedAt => startedAt;

        public int Passes { get; set; }

        public bool HasMore { get; set; }

        public int Sent => Volatile.Read(ref sent);

        public bool HasFailed(string destination, string? channel) => failed.ContainsKey(destination) || (channel is not null && failed.ContainsKey(channel));

        public void Fail(string destination) => failed[destination] = true;

        public void CountSent() => Interlocked.Increment(ref sent);
    }

    [LoggerMessage(LogLevel.Warning, "Notification {ItemId} ({Kind}) failed on {Channel}: {Error}, try {Attempts}.")]
    private static partial void LogFailed(ILogger logger, string itemId, string kind, string channel, string error, int attempts);

    [LoggerMessage(LogLevel.Error, "Notification {ItemId} ({Kind}) is given up on {Channel}: {Error}, after {Attempts} tries.")]
    private static partial void LogDead(ILogger logger, string itemId, string kind, string channel, string error, int attempts);

    [LoggerMessage(LogLevel.Warning, "Notification {ItemId} could not be tried.")]
    private static partial void LogNotTried(ILogger logger, Exception exception, string itemId);

    [LoggerMessage(LogLevel.Error, "Notification {ItemId} ({Kind}) cannot be sent.")]
    private static partial void LogBroken(ILogger logger, Exception exception, string itemId, string kind);

    [LoggerMessage(LogLevel.Warning, "What was given up long ago could not be deleted.")]
    private static partial void LogNotPruned(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Debug, "Delivered {Count} notifications.")]
    private static partial void LogDelivered(ILogger logger, int count);
}
