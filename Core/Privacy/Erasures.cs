using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Payments;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;
using ServerlessAi.Teams;

namespace ServerlessAi.Privacy;

/// <summary>
/// Forgets users. The numbers move under a name that leads to nobody, everything else is deleted. Each step can be done again: a row of the table
/// <c>erasures</c>, written first and deleted last, makes a timer carry on where a crash or an outage left off.
/// </summary>
public sealed partial class Erasures(
    Tables tables, AccountStore accounts, Members members, ActiveIndex active, TeamBook teams, Farewells farewells, ApiKeys keys, TextBlobs texts, IIdSource ids, TimeProvider time, ILogger<Erasures> logger)
{
    private const string Partition = "erasure";
    private const string Account = "Account";
    private const string Pseudonym = "Pseudonym";
    private const string AskedAt = "AskedAt";
    private const int JobsLimit = 100;
    private const int PassesLimit = 5;

    /// <summary>Closes the account at once and erases it.</summary>
    /// <returns>Null when it is closed; what is not erased yet, the timer erases. Else why it cannot be closed now.</returns>
    public async Task<Refusal?> EraseAsync(string accountId, CancellationToken cancellationToken)
    {
        var job = await FindOrAddAsync(accountId, cancellationToken);
        if (IsOver(job, await accounts.ReadStoredAsync(accountId)))
        {
            await ForgetJobAsync(job, cancellationToken);
            job = await FindOrAddAsync(accountId, cancellationToken);
        }

        if (await CloseAsync(accountId, cancellationToken) is { } refusal)
        {
            if (string.Equals(refusal.Code, RefusalCodes.Conflict, StringComparison.Ordinal))
            {
                // Whoever was told to ask again is not deleted before they do.
                await ForgetJobAsync(job, cancellationToken);
            }

            return refusal;
        }

        try
        {
            await FinishAsync(job, cancellationToken);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception) && !cancellationToken.IsCancellationRequested)
        {
            LogNotFinished(logger, exception);
        }

        return null;
    }

    /// <summary>Carries on with whatever was begun.</summary>
    /// <returns>How many users were forgotten.</returns>
    public async Task<int> FinishAllAsync(CancellationToken cancellationToken)
    {
        var done = 0;
        var client = await tables.GetAsync(TableNames.Erasures);
        await foreach (var job in client.QueryAsync<TableEntity>(row => row.PartitionKey == Partition, JobsLimit, cancellationToken: cancellationToken))
        {
            try
            {
                if (IsOver(job, await accounts.ReadStoredAsync(job.GetString(Account))))
                {
                    await ForgetJobAsync(job, cancellationToken);
                }
                else if (await CloseAsync(job.GetString(Account), cancellationToken) is null)
                {
                    await FinishAsync(job, cancellationToken);
                    done++;
                }
            }
            catch (Exception exception) when (StorageFaults.IsAny(exception) && !cancellationToken.IsCancellationRequested)
            {
                // The next run comes back to it; the others do not wait.
                LogNotFinished(logger, exception);
            }
        }

        return done;
    }

    // All of it was done, only the job's own row has outlived it: who has the name now has come back since, and did not ask.
    private static bool IsOver(TableEntity job, AccountState? state) => state?.Forgotten is { } forgotten
        && (string.Equals(job.GetString(Pseudonym), forgotten.As, StringComparison.Ordinal) || (job.GetDateTimeOffset(AskedAt) ?? job.Timestamp) <= forgotten.At);

    private async Task<TableEntity> FindOrAddAsync(string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Erasures);
        var key = Digest.Of(Partition, accountId);
        try
        {
            var job = new TableEntity(Partition, key) { [Account] = accountId, [Pseudonym] = ErasedAccounts.Prefix + ids.NewOperationId(), [AskedAt] = time.GetUtcNow() };
            job.ETag = (await client.AddEntityAsync(job, cancellationToken)).Headers.ETag ?? default;
            return job;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
        {
            // Asked for before; under the name that was chosen then.
            return (await client.GetEntityAsync<TableEntity>(Partition, key, cancellationToken: cancellationToken)).Value;
        }
    }

    private async Task<Refusal?> CloseAsync(string accountId, CancellationToken cancellationToken)
    {
        if (await accounts.ReadStoredAsync(accountId) is not null && await accounts.ExecuteAsync(accountId, new Close(ids.NewOperationId(), IsCopied: false)) is Refused refused)
        {
            return refused.Refusal;
        }

        // A team goes on without whoever leaves it, and an empty account would be topped up for ever.
        await teams.ForgetAsync(accountId, cancellationToken);
        await farewells.BeginAsync(accountId, cancellationToken);
        return null;
    }

    private async Task FinishAsync(TableEntity job, CancellationToken cancellationToken)
    {
        var (accountId, pseudonym) = (job.GetString(Account), job.GetString(Pseudonym));
        if (await accounts.ReadStoredAsync(accountId) is { } state)
        {
            if (!state.IsErased)
            {
                await farewells.FinishAsync(accountId, cancellationToken);
                await CopyAsync(accountId, pseudonym, cancellationToken);
                if (await accounts.ExecuteAsync(accountId, new Close(ids.NewOperationId(), IsCopied: true)) is not Closed)
                {
                    // Nothing is deleted before the original says that it counts no longer. The timer comes back to it.
                    return;
                }
            }

            // So that whoever reconciles the platform's spend finds the numbers where they are now, for this month and the one before.
            var now = time.GetUtcNow();
            await active.TouchAsync(pseudonym, now);
            await active.TouchAsync(pseudonym, new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddHours(-1));
        }

        await keys.DeleteOfAsync(accountId, cancellationToken);
        await members.BuryAsync(accountId, pseudonym, cancellationToken);
        if (await DeleteAsync(accountId, cancellationToken))
        {
            await ForgetJobAsync(job, cancellationToken);
        }
    }

    private async Task ForgetJobAsync(TableEntity job, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Erasures);
        // As it was read: late, it must not take away what the user asked for another time.
        await client.DeleteUnchangedAsync([job], cancellationToken);
    }

    /// <summary>The state last: without it what is copied counts for nothing yet.</summary>
    private async Task CopyAsync(string accountId, string pseudonym, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var (partition, state, batch) = (AccountRows.Partition(pseudonym), default(TableEntity), new List<TableTransactionAction>());
        await foreach (var row in client.ReadLongAsync(FilterOf(accountId), time, cancellationToken))
        {
            if (Archive.Keep(row, partition, pseudonym) is not { } kept)
            {
                continue;
            }

            if (string.Equals(kept.RowKey, AccountRows.StateKey, StringComparison.Ordinal))
            {
                state = kept;
                continue;
            }

            batch.Add(new TableTransactionAction(TableTransactionActionType.UpsertReplace, kept));
            if (batch.Count == Deletions.RowsLimit)
            {
                await client.SubmitTransactionAsync(batch, cancellationToken);
                batch.Clear();
            }
        }

        if (state is not null)
        {
            batch.Add(new TableTransactionAction(TableTransactionActionType.UpsertReplace, state));
        }

        if (batch.Count > 0)
        {
            await client.SubmitTransactionAsync(batch, cancellationToken);
        }
    }

    /// <summary>
    /// All rows, the state last: as long as it is there, the account is closed. Each as it was read: a delete that arrives late must not hit what the user begins
    /// anew under the same keys.
    /// </summary>
    /// <returns>Whether nothing is left. What somebody changed at the same moment is, and the timer comes back to it.</returns>
    private async Task<bool> DeleteAsync(string accountId, CancellationToken cancellationToken)
    {
        for (var pass = 0; pass < PassesLimit; pass++)
        {
            var (state, isAlone) = await DeleteAroundStateAsync(accountId, cancellationToken);
            if (isAlone && (state is null || await (await tables.GetAsync(TableNames.Accounts)).DeleteUnchangedAsync([state], cancellationToken) == 1))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<(TableEntity? State, bool IsAlone)> DeleteAroundStateAsync(string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var (state, batch, found, deleted) = (default(TableEntity), new List<TableEntity>(), 0, 0);
        await foreach (var row in client.ReadLongAsync(FilterOf(accountId), time, cancellationToken))
        {
            if (row.GetString(ClaimBodies.RenderedBlob) is { } blob)
            {
                await texts.DeleteAsync(blob, cancellationToken);
            }

            if (string.Equals(row.RowKey, AccountRows.StateKey, StringComparison.Ordinal))
            {
                state = row;
                continue;
            }

            found++;
            batch.Add(row);
            if (batch.Count == Deletions.RowsLimit)
            {
                deleted += await client.DeleteUnchangedAsync(batch, cancellationToken);
                batch.Clear();
            }
        }

        return (state, deleted + await client.DeleteUnchangedAsync(batch, cancellationToken) == found);
    }

    private static string FilterOf(string accountId) => TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(accountId)}");

    [LoggerMessage(LogLevel.Warning, "An account that is closed could not be erased yet.")]
    private static partial void LogNotFinished(ILogger logger, Exception exception);
}
