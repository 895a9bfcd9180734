using System.Threading.Channels;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// Usage events that move no money, cache hits and refusals: collected in memory and written together. When too many wait the oldest are dropped;
/// a crash loses seconds of them. Events about money are written by the settling transaction instead.
/// </summary>
public sealed class UsageLog(Tables tables, Reports.CacheHits hits) : IFlushed
{
    private const int WaitingLimit = 10_000;
    private const int TransactionRowsLimit = 100;

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

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var lines = new List<(string AccountId, UsageRecord Line)>();
        while (lines.Count < WaitingLimit && waiting.Reader.TryRead(out var line))
        {
            lines.Add(line);
        }

        if (lines.Count == 0)
        {
            return;
        }

        var client = await tables.GetAsync(TableNames.Accounts);
        foreach (var account in lines.GroupBy(line => line.AccountId, line => line.Line, StringComparer.Ordinal))
        {
            var partition = AccountRows.Partition(account.Key);
            // A repeat of the same event in the same tick would be the same row twice, which a transaction refuses.
            var rows = account.Select(line => AccountRows.ToEntity(partition, line)).DistinctBy(row => row.RowKey, StringComparer.Ordinal);
            foreach (var chunk in rows.Chunk(TransactionRowsLimit))
            {
                await client.SubmitTransactionAsync(chunk.Select(row => new TableTransactionAction(TableTransactionActionType.UpsertReplace, row)), cancellationToken);
            }
        }
    }
}
