using Azure;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Storage;

namespace ServerlessAi.Privacy;

/// <summary>
/// The rows of an account that is closed: copied to where they lead to nobody, and deleted. The account's state is the first row that is read and the last
/// that goes; every transaction is conditional on it, so that nothing is touched that its user begins anew under the same keys.
/// </summary>
public sealed class ErasedRows(Tables tables, TextBlobs texts, TimeProvider time)
{
    // One row of a transaction is the state's.
    private const int RowsLimit = Deletions.RowsLimit - 1;
    private const int PassesLimit = 5;

    /// <summary>
    /// Longer than a write can be on its way. One that opens an account is conditional on nothing but that there is none: until it cannot come any more, it must
    /// find that there was one.
    /// </summary>
    public static readonly TimeSpan Settling = TimeSpan.FromMinutes(15);

    /// <summary>The state last: without it what is copied counts for nothing yet.</summary>
    /// <returns>False: the account is not there any more.</returns>
    public async Task<bool> CopyAsync(ErasureJob job, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var (partition, state, batch) = (AccountRows.Partition(job.Pseudonym), default(TableEntity), new List<TableTransactionAction>());
        await foreach (var row in client.ReadLongAsync(FilterOf(job), time, cancellationToken))
        {
            if (state is null && !IsStateOf(job, row))
            {
                return false;
            }

            var kept = Archive.Keep(row, partition, job.Pseudonym);
            if (state is null)
            {
                state = kept;
            }
            else if (kept is not null)
            {
                batch.Add(new TableTransactionAction(TableTransactionActionType.UpsertReplace, kept));
            }

            if (batch.Count == RowsLimit)
            {
                await client.SubmitTransactionAsync(batch, cancellationToken);
                batch.Clear();
            }
        }

        if (state is not null)
        {
            await client.SubmitTransactionAsync([.. batch, new(TableTransactionActionType.UpsertReplace, state)], cancellationToken);
        }

        return state is not null;
    }

    /// <returns>Whether nothing is left. What somebody changed at the same moment may be, and has to be come back to.</returns>
    public async Task<bool> DeleteAsync(ErasureJob job, CancellationToken cancellationToken)
    {
        for (var pass = 0; pass < PassesLimit; pass++)
        {
            try
            {
                return job.Of is null ? await DeleteStraysAsync(job, job.Stage < ErasureStage.Buried ? static _ => true : IsLine, cancellationToken) : await DeleteOnceAsync(job, cancellationToken);
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                // A row has changed, or another instance is at it: looked at again.
            }
        }

        return false;
    }

    private async Task<bool> DeleteOnceAsync(ErasureJob job, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var (state, batch) = (default(TableEntity), new List<TableEntity>());
        await foreach (var row in client.ReadLongAsync(FilterOf(job), time, cancellationToken))
        {
            if (state is null)
            {
                if (!IsStateOf(job, row))
                {
                    return IsState(row) || await DeleteStraysAsync(job, IsLine, cancellationToken);
                }

                state = row;
                continue;
            }

            await DeleteTextAsync(row, cancellationToken);
            batch.Add(row);
            if (batch.Count == RowsLimit)
            {
                var responses = await client.SubmitTransactionAsync([.. batch.Select(Delete), Guard(state)], cancellationToken);
                state.ETag = responses.Value[^1].Headers.ETag ?? default;
                batch.Clear();
            }
        }

        if (state is null)
        {
            return true;
        }

        var isSettled = job.Of + Settling <= time.GetUtcNow();
        await client.SubmitTransactionAsync([.. batch.Select(Delete), isSettled ? Delete(state) : Guard(state)], cancellationToken);
        return isSettled;
    }

    /// <summary>What is there without an account: how users who never had one want to be told of things, and lines that came after the account had gone.</summary>
    private async Task<bool> DeleteStraysAsync(ErasureJob job, Predicate<TableEntity> isStray, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var rows = await client.ReadLongAsync(FilterOf(job), time, cancellationToken).ToListAsync(cancellationToken);
        if (rows.Exists(IsState))
        {
            return true;
        }

        foreach (var row in rows.Where(row => isStray(row)))
        {
            await DeleteTextAsync(row, cancellationToken);
            await client.DeleteEntityAsync(row.PartitionKey, row.RowKey, row.ETag, cancellationToken);
        }

        return true;
    }

    private async Task DeleteTextAsync(TableEntity row, CancellationToken cancellationToken)
    {
        if (row.GetString(ClaimBodies.RenderedBlob) is { } blob)
        {
            await texts.DeleteAsync(blob, cancellationToken);
        }
    }

    private static TableTransactionAction Guard(TableEntity state) => new(TableTransactionActionType.UpdateMerge, new TableEntity(state.PartitionKey, state.RowKey), state.ETag);

    private static TableTransactionAction Delete(TableEntity row) => new(TableTransactionActionType.Delete, row, row.ETag);

    private static bool IsStateOf(ErasureJob job, TableEntity row) => IsState(row) && AccountRows.ToState(row).CreatedAt == job.Of;

    private static bool IsState(TableEntity row) => string.Equals(row.RowKey, AccountRows.StateKey, StringComparison.Ordinal);

    // What instances collect in memory, and write without looking at the state.
    private static bool IsLine(TableEntity row) => row.RowKey.StartsWith("use|", StringComparison.Ordinal) || row.RowKey.StartsWith(ReportRows.Hits, StringComparison.Ordinal);

    private static string FilterOf(ErasureJob job) => TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(job.AccountId)}");
}
