using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Privacy;

/// <summary>How far a wish has come. What is behind it is not done again: its user may have come back, and did not ask twice.</summary>
public enum ErasureStage
{
    /// <summary>Written down.</summary>
    Asked,

    /// <summary>The account is closed, teams and the gateway know the user no longer, keys are gone.</summary>
    Parted,

    /// <summary>The account's numbers are where they lead to nobody, and the name is free. What is left are rows of that account.</summary>
    Buried,
}

/// <summary>Somebody's wish to be forgotten.</summary>
/// <param name="Of">When the account was opened that is meant: whoever comes back later under the same name has another. Null: there was none.</param>
/// <param name="Pseudonym">The name that its numbers are kept under.</param>
/// <param name="At">When it was asked for last.</param>
/// <param name="PartingId">The operation by which teams forget the user, as asked for last. It leads from no team to the pseudonym.</param>
public sealed record ErasureJob(string AccountId, DateTimeOffset? Of, string Pseudonym, DateTimeOffset At, string PartingId, ErasureStage Stage)
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
    private const string Stage = "Stage";
    private const int JobsLimit = 100;
    private const int Attempts = 5;

    /// <returns>The wish as it was first written, under the name that was chosen then. Null: others are at it.</returns>
    public async Task<ErasureJob?> FindOrAddAsync(string accountId, DateTimeOffset? of, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Erasures);
        var key = Digest.Of(Partition, accountId);
        var row = new TableEntity(Partition, key) { [Account] = accountId, [Of] = of, [At] = time.GetUtcNow(), [Pseudonym] = ErasedAccounts.Prefix + ids.NewOperationId(), [PartingId] = ids.NewOperationId(), [Stage] = nameof(ErasureStage.Asked) };
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
                if (known.HasValue && ToJob(known.Value!).Of != of)
                {
                    await ForgetAsync(ToJob(known.Value!), cancellationToken);
                }
                else if (known.HasValue && await AskedAgainAsync(client, known.Value!, row, cancellationToken) is { } again)
                {
                    return again;
                }
            }
        }

        return null;
    }

    /// <summary>Notes how far it has come.</summary>
    /// <returns>Null: it was asked for again, or others are at it.</returns>
    public async Task<ErasureJob?> MarkAsync(ErasureJob job, ErasureStage stage, CancellationToken cancellationToken)
    {
        job.Row[Stage] = stage.ToString();
        return await ReplaceAsync(await tables.GetAsync(TableNames.Erasures), job.Row, cancellationToken);
    }

    // Whoever came back, to a team or with a new key, and asks again before the first wish is done, is forgotten once more; under the pseudonym of before.
    private Task<ErasureJob?> AskedAgainAsync(TableClient client, TableEntity known, TableEntity asked, CancellationToken cancellationToken)
    {
        (known[PartingId], known[At], known[Stage]) = (asked[PartingId], asked[At], asked[Stage]);
        return ReplaceAsync(client, known, cancellationToken);
    }

    private async Task<ErasureJob?> ReplaceAsync(TableClient client, TableEntity row, CancellationToken cancellationToken)
    {
        try
        {
            row.ETag = (await client.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, cancellationToken)).Headers.ETag ?? default;
            return ToJob(row);
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            return null;
        }
    }

    /// <returns>A wish as it is now; null when it was carried out meanwhile.</returns>
    public async Task<ErasureJob?> FindAsync(ErasureJob listed, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Erasures);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(listed.Row.PartitionKey, listed.Row.RowKey, cancellationToken: cancellationToken);
        return row.HasValue ? ToJob(row.Value!) : null;
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

    private ErasureJob ToJob(TableEntity row) => new(
        row.GetString(Account), row.GetDateTimeOffset(Of), row.GetString(Pseudonym), row.GetDateTimeOffset(At) ?? default, row.GetString(PartingId) ?? ids.NewOperationId(),
        Enum.TryParse<ErasureStage>(row.GetString(Stage), out var stage) ? stage : ErasureStage.Asked)
    { Row = row };
}
