using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts.Reports;

/// <summary>
/// Counts answers from the cache by account and day in memory and adds them to the rows <c>hits|yyyyMMdd</c> now and then. They move no money, so they
/// stay away from the account's own row. A crash loses seconds of them, and a lost reply may count them twice.
/// </summary>
public sealed class CacheHits(Tables tables) : IFlushed
{
    /// <summary>Accounts and days counted between two flushes; hits of further ones are not counted.</summary>
    private const int CountsLimit = 10_000;

    private readonly ConcurrentDictionary<(string AccountId, string Day), long> counts = new();

    public void Count(string accountId, DateTimeOffset at)
    {
        var key = (accountId, Periods.DayOf(at));
        if (counts.Count < CountsLimit || counts.ContainsKey(key))
        {
            counts.AddOrUpdate(key, 1, static (_, count) => count + 1);
        }
    }

    /// <exception cref="Exception">The first of what <see cref="StorageFaults.IsAny"/> knows, after all were tried; their counts wait for the next time.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        ExceptionDispatchInfo? failure = null;
        foreach (var key in counts.Keys)
        {
            if (!counts.TryRemove(key, out var count))
            {
                continue;
            }

            try
            {
                await AddAsync(key.AccountId, key.Day, count, cancellationToken);
            }
            catch (Exception exception) when (StorageFaults.IsAny(exception))
            {
                counts.AddOrUpdate(key, count, (_, newer) => newer + count);
                // Where another instance counted at this very moment the next flush adds ours.
                failure ??= exception is RequestFailedException known && StorageFaults.IsConflict(known) ? null : ExceptionDispatchInfo.Capture(exception);
            }
        }

        failure?.Throw();
    }

    private async Task AddAsync(string accountId, string day, long count, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var (partition, rowKey) = (AccountRows.Partition(accountId), ReportRows.HitsKey(day));
        var row = await client.GetEntityIfExistsAsync<TableEntity>(partition, rowKey, cancellationToken: cancellationToken);
        var sum = new TableEntity(partition, rowKey) { ["Hits"] = (row.HasValue ? row.Value!.GetInt64("Hits") ?? 0 : 0) + count };
        if (row.HasValue)
        {
            await client.UpdateEntityAsync(sum, row.Value!.ETag, TableUpdateMode.Replace, cancellationToken);
        }
        else
        {
            await client.AddEntityAsync(sum, cancellationToken);
        }
    }
}
