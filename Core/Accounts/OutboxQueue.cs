using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// The outbox as those who deliver see it. An item is claimed by moving its due time ahead, under its tag: of two who try, one has it, and when that one dies
/// it falls due again. Moving to another minute is written into the item first, so that whoever finds it half done finishes it.
/// </summary>
public sealed partial class OutboxQueue(Tables tables, ILogger<OutboxQueue> logger)
{
    private const string ToldBy = "ToldBy";
    private const int MarkAttempts = 5;
    private const int PruneLimit = 500;

    /// <summary>What is due, the oldest first.</summary>
    public async IAsyncEnumerable<StoredItem> DueAsync(DateTimeOffset now, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Outbox);
        var filter = TableClient.CreateQueryFilter($"PartitionKey le {OutboxRows.Minute(now)} and DueAt le {now}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            if (Read(row) is not { } stored)
            {
                continue;
            }

            if (stored.MovesTo is null)
            {
                yield return stored;
            }
            else
            {
                // Before anything of later minutes is looked at, or the item could be sent there and then moved there again.
                await TryFinishMoveAsync(stored, cancellationToken);
            }
        }
    }

    /// <returns>The item as the caller's own until then; null when somebody else has it, or it is gone.</returns>
    public async Task<StoredItem?> ClaimAsync(StoredItem stored, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var claimed = stored with { Item = stored.Item with { DueAt = until } };
        return await ChangeAsync(claimed, cancellationToken) is { } tag ? claimed with { ETag = tag } : null;
    }

    /// <summary>Deletes an item that is done with, unless somebody else has it by now.</summary>
    public async Task CompleteAsync(StoredItem stored, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Outbox);
        try
        {
            await client.DeleteEntityAsync(stored.Partition, stored.Item.Id, stored.ETag, cancellationToken);
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            // The claim had lapsed.
        }
    }

    /// <summary>Puts an item off to the minute that it falls due in.</summary>
    public Task PostponeAsync(StoredItem stored, CancellationToken cancellationToken) => MoveAsync(stored, OutboxRows.Minute(stored.Item.DueAt), cancellationToken);

    /// <summary>Gives an item up; it is kept for whoever wants to know.</summary>
    public Task BuryAsync(StoredItem stored, CancellationToken cancellationToken) => MoveAsync(stored, OutboxRows.Dead(stored.Item.DueAt), cancellationToken);

    /// <summary>Puts items in the place of their intent, all or none.</summary>
    public async Task ReplaceAsync(StoredItem intent, IReadOnlyList<OutboxItem> items, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Outbox);
        var gone = new TableTransactionAction(TableTransactionActionType.Delete, new TableEntity(intent.Partition, intent.Item.Id), intent.ETag);
        var added = items.Select(item => new TableTransactionAction(TableTransactionActionType.Add, OutboxRows.ToEntity(intent.Partition, item)));
        try
        {
            await client.SubmitTransactionAsync([gone, .. added], cancellationToken);
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            // The claim had lapsed, and somebody else did it; or it was done before a reply was lost.
        }
    }

    /// <summary>Reads what an intent tells of and marks it as told by this intent, unless another one was first.</summary>
    public async Task<SourceOfIntent> TakeSourceAsync(OutboxItem intent, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var partition = AccountRows.Partition(intent.AccountId);
        for (var attempt = 1; ; attempt++)
        {
            var found = await client.GetEntityIfExistsAsync<TableEntity>(partition, intent.Source!, cancellationToken: cancellationToken);
            if (!found.HasValue)
            {
                return new SourceOfIntent.Missing();
            }

            var row = found.Value!;
            if (row.GetString(ToldBy) is { } token)
            {
                return string.Equals(token, intent.Token, StringComparison.Ordinal) ? new SourceOfIntent.Taken(row.GetString("Body")) : new SourceOfIntent.Told();
            }

            try
            {
                await client.UpdateEntityAsync(new TableEntity(partition, intent.Source!) { [ToldBy] = intent.Token }, row.ETag, TableUpdateMode.Merge, cancellationToken);
                return new SourceOfIntent.Taken(row.GetString("Body"));
            }
            catch (RequestFailedException exception) when (attempt < MarkAttempts && (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception)))
            {
                // Its owner has changed something of it at the same moment.
            }
        }
    }

    /// <summary>Items that wait, or that were given up, the oldest first.</summary>
    /// <param name="after">The key, partition and id, of the last item of the page before; null for the first page.</param>
    public async Task<IReadOnlyList<StoredItem>> ListAsync(bool dead, int count, (string Partition, string Id)? after, CancellationToken cancellationToken)
    {
        var (first, end) = dead ? (OutboxRows.DeadFirst, OutboxRows.DeadEnd) : ("", OutboxRows.MinutesEnd);
        var filter = after is var (partition, id)
            ? TableClient.CreateQueryFilter($"(PartitionKey gt {partition} and PartitionKey lt {end}) or (PartitionKey eq {partition} and RowKey gt {id})")
            : TableClient.CreateQueryFilter($"PartitionKey ge {first} and PartitionKey lt {end}");
        var client = await tables.GetAsync(TableNames.Outbox);
        return await client.QueryAsync<TableEntity>(filter, count, cancellationToken: cancellationToken).Take(count).Select(Read).OfType<StoredItem>().ToListAsync(cancellationToken);
    }

    /// <returns>An item that was given up; null when there is none of this id.</returns>
    public async Task<StoredItem?> FindDeadAsync(string id, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Outbox);
        var filter = TableClient.CreateQueryFilter($"PartitionKey ge {OutboxRows.DeadFirst} and PartitionKey lt {OutboxRows.DeadEnd} and RowKey eq {id}");
        var row = await client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).FirstOrDefaultAsync(cancellationToken);
        return row is null ? null : Read(row);
    }

    /// <summary>Deletes rows of partitions from <paramref name="first"/> to before <paramref name="end"/>, so many at a time.</summary>
    public async Task PruneAsync(string first, string end, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Outbox);
        var filter = TableClient.CreateQueryFilter($"PartitionKey ge {first} and PartitionKey lt {end}");
        var rows = await client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).Take(PruneLimit).ToListAsync(cancellationToken);
        foreach (var partition in rows.GroupBy(row => row.PartitionKey, StringComparer.Ordinal))
        {
            foreach (var chunk in partition.Chunk(Deletions.RowsLimit))
            {
                await client.DeleteUnchangedAsync(chunk, cancellationToken);
            }
        }
    }

    private async Task MoveAsync(StoredItem stored, string partition, CancellationToken cancellationToken)
    {
        var moving = stored with { MovesTo = partition };
        if (await ChangeAsync(moving, cancellationToken) is { } tag)
        {
            await FinishMoveAsync(moving with { ETag = tag }, cancellationToken);
        }
    }

    private async Task TryFinishMoveAsync(StoredItem moving, CancellationToken cancellationToken)
    {
        try
        {
            await FinishMoveAsync(moving, cancellationToken);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception) && !cancellationToken.IsCancellationRequested)
        {
            // It stays due, and keeps nobody else waiting.
            LogNotMoved(logger, exception, moving.Item.Id);
        }
    }

    private async Task FinishMoveAsync(StoredItem moving, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Outbox);
        var there = OutboxRows.ToEntity(moving.MovesTo!, moving.Item);
        try
        {
            if (string.Equals(moving.MovesTo, moving.Partition, StringComparison.Ordinal))
            {
                // Within its minute it only has to become due later.
                await client.UpdateEntityAsync(there, moving.ETag, TableUpdateMode.Replace, cancellationToken);
                return;
            }

            await client.AddEntityAsync(there, cancellationToken);
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            // Whoever began this came so far.
        }

        await CompleteAsync(moving, cancellationToken);
    }

    private async Task<ETag?> ChangeAsync(StoredItem changed, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Outbox);
        try
        {
            var response = await client.UpdateEntityAsync(OutboxRows.ToChange(changed), changed.ETag, TableUpdateMode.Merge, cancellationToken);
            return response.Headers.ETag;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            return null;
        }
    }

    private StoredItem? Read(TableEntity row)
    {
        try
        {
            return OutboxRows.ToItem(row);
        }
        catch (Exception exception) when (exception is InvalidDataException or InvalidOperationException)
        {
            // One row that nobody can read must not keep the others waiting.
            LogUnreadable(logger, exception, row.RowKey);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Item {ItemId} of the outbox could not be moved.")]
    private static partial void LogNotMoved(ILogger logger, Exception exception, string itemId);

    [LoggerMessage(LogLevel.Error, "Item {ItemId} of the outbox cannot be read.")]
    private static partial void LogUnreadable(ILogger logger, Exception exception, string itemId);
}

/// <summary>What an intent found where it points.</summary>
public abstract record SourceOfIntent
{
    /// <summary>Its transaction has not arrived, and may never.</summary>
    public sealed record Missing : SourceOfIntent;

    /// <summary>Another intent tells of it.</summary>
    public sealed record Told : SourceOfIntent;

    /// <param name="Body">JSON of what is told.</param>
    public sealed record Taken(string? Body) : SourceOfIntent;
}
