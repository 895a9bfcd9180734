using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>Idempotency keys that stand for nothing any more.</summary>
public sealed class ExpiredClaims(Tables tables, TextBlobs texts)
{
    /// <summary>Deletes the keys of an account that had expired at <paramref name="before"/>, with their bodies. A key that somebody takes anew meanwhile stays.</summary>
    /// <returns>How many; the limit itself when there may be more.</returns>
    public async Task<int> DeleteAsync(string accountId, DateTimeOffset before, int limit, CancellationToken cancellationToken)
    {
        var deleted = 0;
        var client = await tables.GetAsync(TableNames.Accounts);
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {AccountRows.Partition(accountId)} and RowKey ge {AccountRows.ClaimKey("")} and RowKey lt {AccountRows.ClaimKeysEnd} and ExpiresAt lt {before}");
        await foreach (var page in client.QueryAsync<TableEntity>(filter, Deletions.RowsLimit, cancellationToken: cancellationToken).AsPages().WithCancellation(cancellationToken))
        {
            // Its body first: nobody asks for it any more, and without its name in the row nobody would find it.
            foreach (var name in page.Values.Select(row => row.GetString(ClaimBodies.RenderedBlob)).OfType<string>())
            {
                await texts.DeleteAsync(name, cancellationToken);
            }

            deleted += await client.DeleteUnchangedAsync(page.Values, cancellationToken);
            if (deleted >= limit)
            {
                break;
            }
        }

        return Math.Min(deleted, limit);
    }
}
