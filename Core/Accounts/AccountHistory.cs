using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>Reads ledger and usage rows, newest first, a page at a time.</summary>
public sealed class AccountHistory(Tables tables)
{
    public const int PageLimit = 200;

    /// <param name="before">Only entries of a lower sequence number; null starts at the newest.</param>
    public async Task<IReadOnlyList<LedgerEntry>> ReadEntriesAsync(string accountId, int count, long? before, CancellationToken cancellationToken)
    {
        var first = before is { } sequence ? AccountRows.EntryKey(sequence - 1) : "entry|";
        return await ReadAsync(accountId, first, "entry}", count, AccountRows.ToEntry, cancellationToken);
    }

    /// <summary>The newest usage lines.</summary>
    public Task<IReadOnlyList<UsageRecord>> ReadUsageAsync(string accountId, int count, CancellationToken cancellationToken) =>
        ReadAsync(accountId, "use|", "use}", count, AccountRows.ToUsage, cancellationToken);

    // '}' follows '|' in the order of characters, so it ends the range of a kind of row.
    private async Task<IReadOnlyList<T>> ReadAsync<T>(
        string accountId, string first, string end, int count, Func<TableEntity, T> convert, CancellationToken cancellationToken)
    {
        var wanted = Math.Clamp(count, 1, PageLimit);
        var client = await tables.GetAsync(TableNames.Accounts);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(accountId)} and RowKey ge {first} and RowKey lt {end}");
        var rows = new List<T>();
        await foreach (var row in client.QueryAsync<TableEntity>(filter, wanted, cancellationToken: cancellationToken))
        {
            rows.Add(convert(row));
            if (rows.Count == wanted)
            {
                break;
            }
        }

        return rows;
    }
}
