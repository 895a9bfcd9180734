using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// Usage events that move no money, cache hits and refusals: collected in memory and written together. When too many wait the oldest are dropped, and what
/// storage has not taken for ten minutes; a crash loses seconds of them. Events about money are written by the settling transaction instead.
/// </summary>
public sealed class UsageLog(Tables tables, Reports.CacheHits hits, TimeProvider time) : IFlushed
{
    private const int WaitingLimit = 10_000;
    private const int TransactionRowsLimit = 100;

    // Who was deleted meanwhile must not come back by what waits here.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly Channel<(string AccountId, UsageRecord Line)> waiting = Channel.CreateBounded<(string, UsageRecord)>(
        new BoundedChannelOptions(WaitingLimit) { FullMode = BoundedChannelFullMode.DropOldest });

    public void Add(string accountId, UsageRecord line)
    {
        waiting.Writer.TryWrite((accountId, line));
        if (string.Equals(line.Event, UsageEvents.CacheHit, StringComparison.Ordinal))
        {
            hits.Count(accountId, line.At);
        }
    }

    /// <exception cref="Exception">The first of what <see cref="StorageFaults.IsAny"/> knows, after all accounts were tried; their lines wait for the next time.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        ExceptionDispatchInfo? failure = null;
        foreach (var account in TakeAll().GroupBy(line => line.AccountId, line => line.Line, StringComparer.Ordinal))
        {
            try
            {
                await WriteAsync(account.Key, account, cancellationToken);
            }
            catch (Exception exception) when (StorageFaults.IsAny(exception))
            {
                failure ??= ExceptionDispatchInfo.Capture(exception);
                PutBack(account.Key, account);
            }
        }

        failure?.Throw();
    }

    private List<(string AccountId, UsageRecord Line)> TakeAll()
    {
        var lines = new List<(string AccountId, UsageRecord Line)>();
        while (lines.Count < WaitingLimit && waiting.Reader.TryRead(out var line))
        {
            lines.Add(line);
        }

        return lines;
    }

    private async Task WriteAsync(string accountId, IEnumerable<UsageRecord> lines, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var partition = AccountRows.Partition(accountId);
        // A repeat of the same event in the same tick would be the same row twice, which a transaction refuses.
        var rows = lines.Select(line => AccountRows.ToEntity(partition, line)).DistinctBy(row => row.RowKey, StringComparer.Ordinal);
        foreach (var chunk in rows.Chunk(TransactionRowsLimit))
        {
            await client.SubmitTransactionAsync(chunk.Select(row => new TableTransactionAction(TableTransactionActionType.UpsertReplace, row)), cancellationToken);
        }
    }

    private void PutBack(string accountId, IEnumerable<UsageRecord> lines)
    {
        var tooOld = time.GetUtcNow() - Patience;
        foreach (var line in lines.Where(line => line.At > tooOld))
        {
            waiting.Writer.TryWrite((accountId, line));
        }
    }
}
