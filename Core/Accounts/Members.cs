using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// The accounts there are, so that listing them does not read what they hold: the table <c>members</c>, one row each, written before an account's
/// first transaction. A row without an account is one whose first transaction never arrived.
/// </summary>
public sealed class Members(Tables tables)
{
    private const string RowKey = "member";
    private const string Account = "Account";

    /// <summary>Accounts of a page at most.</summary>
    public const int PageLimit = 100;

    public async Task RegisterAsync(string accountId)
    {
        var client = await tables.GetAsync(TableNames.Members);
        await client.UpsertEntityAsync(new TableEntity(AccountRows.Partition(accountId), RowKey) { [Account] = accountId }, TableUpdateMode.Merge);
    }

    /// <summary>Ids in the order of their keys.</summary>
    /// <param name="after">The last id of the page before; null begins.</param>
    public async Task<IReadOnlyList<string>> ReadAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        var filter = after is null ? TableClient.CreateQueryFilter($"RowKey eq {RowKey}") : TableClient.CreateQueryFilter($"PartitionKey gt {AccountRows.Partition(after)} and RowKey eq {RowKey}");
        var ids = new List<string>();
        await foreach (var row in client.QueryAsync<TableEntity>(filter, maxPerPage: limit, select: [Account], cancellationToken: cancellationToken))
        {
            if (row.GetString(Account) is { } id)
            {
                ids.Add(id);
            }

            if (ids.Count == limit)
            {
                break;
            }
        }

        return ids;
    }
}
