using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using ServerlessAi.Storage;

namespace ServerlessAi.Caching;

/// <summary>Counts cache hits in memory and adds them to the cached rows now and then. A crash loses seconds of statistics, never money.</summary>
public sealed partial class HitCounts(Tables tables, WarmRows warm, ILogger<HitCounts> logger) : IFlushed
{
    /// <summary>Different answers counted between two flushes; hits on further ones are not counted.</summary>
    private const int CountsLimit = 10_000;

    private readonly ConcurrentDictionary<string, long> counts = new(StringComparer.Ordinal);

    public void Count(string hash)
    {
        if (counts.Count < CountsLimit || counts.ContainsKey(hash))
        {
            counts.AddOrUpdate(hash, 1, static (_, count) => count + 1);
        }
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        foreach (var hash in counts.Keys)
        {
            if (counts.TryRemove(hash, out var count))
            {
                await AddAsync(hash, count, cancellationToken);
            }
        }
    }

    private async Task AddAsync(string hash, long count, CancellationToken cancellationToken)
    {
        try
        {
            var client = await tables.GetAsync(TableNames.Cache);
            var row = await client.GetEntityIfExistsAsync<TableEntity>(AnswerCache.Partition(hash), hash, select: WarmRows.Columns, cancellationToken: cancellationToken);
            if (row.HasValue)
            {
                // Before the count: when this fails, the next hits try again.
                await warm.CountAsync(hash, row.Value!, count, cancellationToken);
                var change = new TableEntity(AnswerCache.Partition(hash), hash) { ["Hits"] = (row.Value!.GetInt64("Hits") ?? 0) + count };
                await client.UpdateEntityAsync(change, row.Value!.ETag, TableUpdateMode.Merge, cancellationToken);
            }
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            // Another instance counted, or the row was replaced, at this very moment: statistics may miss a beat.
            LogNotCounted(logger, exception);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Cache hits were not counted.")]
    private static partial void LogNotCounted(ILogger logger, Exception exception);
}
