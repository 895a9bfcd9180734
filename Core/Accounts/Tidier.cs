using Microsoft.Extensions.Logging;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// Deletes what nobody needs any more: idempotency keys that have expired, with their bodies, and marks of accounts that were active before the last
/// month. What is deleted means nothing to any decision, and only what is unchanged since it was read is deleted: running it late, twice or in two places
/// at once is harmless. A run does a bounded amount of work, the oldest first; the next one goes on.
/// </summary>
public sealed partial class Tidier(ActiveIndex active, ExpiredClaims claims, TimeProvider time, ILogger<Tidier> logger)
{
    private const int RowsLimit = 200_000;
    private const int AccountsAtOnce = 8;
    private static readonly TimeSpan Stride = TimeSpan.FromDays(1);

    // No clock is wrong by as much, so nobody else takes for alive what is deleted here; and the length of an hour's partition.
    private static readonly TimeSpan Slack = TimeSpan.FromHours(1);

    public Task TidyAsync(CancellationToken cancellationToken) => TidyAsync(RowsLimit, cancellationToken);

    /// <param name="limit">Keys, and marks, that one run deletes; give or take the keys of the accounts at hand.</param>
    internal async Task TidyAsync(int limit, CancellationToken cancellationToken)
    {
        var tidied = await DeleteClaimsAsync(limit, cancellationToken);
        await DeleteMarksAsync(tidied, limit, cancellationToken);
    }

    /// <summary>Walks the accounts that were active in the days whose keys have expired since the last run, be it yesterday or a month ago.</summary>
    /// <returns>Until when no expired key is left.</returns>
    private async Task<DateTimeOffset> DeleteClaimsAsync(int limit, CancellationToken cancellationToken)
    {
        var expired = time.GetUtcNow() - Slack;
        // Every key that was claimed in this hour or before has expired.
        var last = expired - ClaimRecord.Life - Slack;
        var tidied = await active.ReadTidiedAsync(cancellationToken) ?? await active.ReadOldestAsync(cancellationToken) ?? last;
        for (var left = limit; tidied < last;)
        {
            var next = tidied + Stride < last ? tidied + Stride : last;
            var (deleted, isComplete) = await DeleteClaimsAsync(tidied, next, expired, left, cancellationToken);
            left -= deleted;
            if (!isComplete)
            {
                break;
            }

            tidied = next;
            await active.WriteTidiedAsync(tidied, cancellationToken);
        }

        return tidied;
    }

    private async Task<(int Deleted, bool IsComplete)> DeleteClaimsAsync(DateTimeOffset from, DateTimeOffset to, DateTimeOffset expired, int limit, CancellationToken cancellationToken)
    {
        var (deleted, missed) = (0, 0);
        var options = new ParallelOptions { MaxDegreeOfParallelism = AccountsAtOnce, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForEachAsync(active.ReadAsync(from, to, cancellationToken), options, async (accountId, token) =>
        {
            try
            {
                var left = limit - Volatile.Read(ref deleted);
                var gone = left > 0 ? await claims.DeleteAsync(accountId, expired, left, token) : 0;
                Interlocked.Add(ref deleted, gone);
                Interlocked.Add(ref missed, gone < left ? 0 : 1);
            }
            catch (Exception exception) when (StorageFaults.IsAny(exception) && !token.IsCancellationRequested)
            {
                // One account out of reach must not keep the others waiting; the day is walked again.
                LogMissed(logger, exception, accountId);
                Interlocked.Increment(ref missed);
            }
        });
        LogDeleted(logger, deleted, from, to);
        return (deleted, missed == 0);
    }

    // Reconciling spend needs this month's marks and the one before's, the sweep those since it last reached every account, and the keys those of the days to come.
    private async Task DeleteMarksAsync(DateTimeOffset tidied, int limit, CancellationToken cancellationToken)
    {
        if (await active.ReadSweptAsync(cancellationToken) is not { } swept)
        {
            return;
        }

        var now = time.GetUtcNow();
        var lastMonth = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(-1) - Slack;
        await active.DeleteBeforeAsync(new[] { lastMonth, swept, tidied }.Min(), limit, cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "Expired idempotency keys of account {AccountId} could not be deleted.")]
    private static partial void LogMissed(ILogger logger, Exception exception, string accountId);

    [LoggerMessage(LogLevel.Debug, "Deleted {Keys} expired idempotency keys of accounts active from {From} to {To}.")]
    private static partial void LogDeleted(ILogger logger, int keys, DateTimeOffset from, DateTimeOffset to);
}
