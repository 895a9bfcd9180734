using Azure;
using Azure.Data.Tables;

namespace ServerlessAi.Storage;

/// <summary>Deletes rows as they were read: what somebody has written since stays.</summary>
public static class Deletions
{
    /// <summary>Rows of one partition that one transaction takes.</summary>
    public const int RowsLimit = 100;

    /// <param name="rows">Of one partition, at most <see cref="RowsLimit"/>.</param>
    /// <returns>How many were deleted here.</returns>
    public static async Task<int> DeleteUnchangedAsync(this TableClient client, IReadOnlyList<TableEntity> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return 0;
        }

        try
        {
            await client.SubmitTransactionAsync(rows.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, row.ETag)), cancellationToken);
            return rows.Count;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            // One of them has changed or is gone: the others go one by one.
            return await DeleteEachAsync(client, rows, cancellationToken);
        }
    }

    private static async Task<int> DeleteEachAsync(TableClient client, IReadOnlyList<TableEntity> rows, CancellationToken cancellationToken)
    {
        var deleted = 0;
        foreach (var row in rows)
        {
            try
            {
                var response = await client.DeleteEntityAsync(row.PartitionKey, row.RowKey, row.ETag, cancellationToken);
                deleted += response.IsError ? 0 : 1;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                // Written anew by somebody who needs it, or deleted by another instance.
            }
        }

        return deleted;
    }
}
