using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>Takes whoever is forgotten out of what waits to be told, and of what could not be.</summary>
public sealed class OutboxErasure(Tables tables)
{
    private const int PassesLimit = 5;

    /// <summary>Deletes what was to be told to an account or about it, and takes its name out of what others are told of its gifts. Repeating it does nothing.</summary>
    /// <exception cref="TimeoutException">Those who deliver were at the same rows again and again.</exception>
    public async Task ForgetAsync(string accountId, CancellationToken cancellationToken)
    {
        for (var pass = 0; pass < PassesLimit; pass++)
        {
            if (await TryForgetAsync(accountId, cancellationToken))
            {
                return;
            }
        }

        throw new TimeoutException("The outbox could not be cleared of an account now.");
    }

    private async Task<bool> TryForgetAsync(string accountId, CancellationToken cancellationToken)
    {
        var (client, isDone) = (await tables.GetAsync(TableNames.Outbox), true);
        var filter = TableClient.CreateQueryFilter($"Account eq {accountId} or Kind eq {GiftNews.Kind}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            try
            {
                if (string.Equals(row.GetString(OutboxRows.Account), accountId, StringComparison.Ordinal))
                {
                    await client.DeleteEntityAsync(row.PartitionKey, row.RowKey, cancellationToken: cancellationToken);
                }
                else if (row.GetString(OutboxRows.Body) is { } body && StoredJson.Read<GiftNews>(body) is var gift && string.Equals(gift.From, accountId, StringComparison.Ordinal))
                {
                    var nameless = new TableEntity(row.PartitionKey, row.RowKey) { [OutboxRows.Body] = StoredJson.Write(gift with { From = null }) };
                    await client.UpdateEntityAsync(nameless, row.ETag, TableUpdateMode.Merge, cancellationToken);
                }
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                // It was sent, or moved to another time, at the same moment.
                isDone = false;
            }
        }

        return isDone;
    }
}
