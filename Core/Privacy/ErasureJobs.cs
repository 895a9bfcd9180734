using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Privacy;

/// <summary>Somebody's wish to be forgotten.</summary>
/// <param name="Of">When the account was opened that is meant: whoever comes back later under the same name has another. Null: there was none.</param>
/// <param name="Pseudonym">The name that its numbers are kept under.</param>
/// <param name="At">When it was asked for first.</param>
/// <param name="PartingId">The operation by which teams forget the user, as asked for last. It leads from no team to the pseudonym.</param>
public sealed record ErasureJob(string AccountId, DateTimeOffset? Of, string Pseudonym, DateTimeOffset At, string PartingId)
{
    public required TableEntity Row { get; init; }
}

/// <summary>The table <c>erasures</c>: wishes that have not been carried out to the end, one for each name.</summary>
public sealed class ErasureJobs(Tables tables, TimeProvider time, IIdSource ids)
{
    private const string Partition = "erasure";
    private const string Account = "Account";
    private const string Pseudonym = "Pseudonym";
    private const string Of = "Of";
    private const string At = "At";
    private const string PartingId = "PartingId";
    private const int JobsLimit = 100;
    private const int Attempts = 5;

    /// <returns>The wish as it was first written, under the name that was chosen then. Null: others are at it.</returns>
    public async Task<ErasureJob?> FindOrAddAsync(string accountId, DateTimeOffset? of, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Erasures);
        var key = Digest.Of(Partition, accountId);
        var row = new TableEntity(Partition, key) { [Account] = accountId, [Of] = of, [At] = time.GetUtcNow(), [Pseudonym] = ErasedAccounts.Prefix + ids.NewOperationId(), [PartingId] = ids.NewOperationId() };
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            try
            {
                row.ETag = (await client.AddEntityAsync(row, cancellationToken)).Headers.ETag ?? default;
                return ToJob(row);
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
            {
                // Asked for before, or for an account that has gone since.
                var known = await client.GetEntityIfExistsAsync<TableEntity>(Partition, key, cancellationToken: cancellationToken);
                if (known.HasValue && (of is null || ToJob(known.Value!).Of == of))
                {
                    if (await AskedAgainAsync(client, known.Value!, row, cancellationToken))
                    {
                        return ToJob(known.Value!);
                    }
                }
                else if (known.HasValue)
                {
                    await ForgetAsync(ToJob(known.Value!), cancellationToken);
                }
            }
        }

        return null;
    }

    // Whoever came back to a team, and asks again before the first wish is done, leaves it again.
    private static async Task<bool> AskedAgainAsync(TableClient client, TableEntity known, TableEntity asked, CancellationToken cancellationToken)
    {
        known[PartingId] = asked.GetString(PartingId);
        try
        {
            known.ETag = (await client.UpdateEntityAsync(known, known.ETag, TableUpdateMode.Replace, cancellationToken)).Headers.ETag ?? default;
            return true;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            return false;
        }
    }

    public async IAsyncEnumerable<ErasureJob> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Erasures);
        await foreach (var row in client.QueryAsync<TableEntity>(row => row.PartitionKey == Partition, JobsLimit, cancellationToken: cancellationToken))
        {
            yield return ToJob(row);
        }
    }

    /// <summary>As it was read: late, it must not take away what the user asked for another time.</summary>
    public async Task ForgetAsync(ErasureJob job, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Erasures);
        await client.DeleteUnchangedAsync([job.Row], cancellationToken);
    }

    private ErasureJob ToJob(TableEntity row) => new(row.GetString(Account), row.GetDateTimeOffset(Of), row.GetString(Pseudonym), row.GetDateTimeOffset(At) ?? default, row.GetString(PartingId) ?? ids.NewOperationId()) { Row = row };
}
