using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>Takes whoever is forgotten out of what waits to be told, and of what could not be.</summary>
public sealed partial class OutboxErasure(Tables tables, TimeProvider time, ILogger<OutboxErasure> logger)
{
    private const int PassesLimit = 5;

    /// <summary>
    /// How long a row that is on its way is left to whoever moves it, who puts it there from memory, whatever becomes of it here. Longer than the platform lets anybody
    /// live: after it they have died of it, and the row is one like any other.
    /// </summary>
    public static readonly TimeSpan Moving = TimeSpan.FromMinutes(15);

    /// <summary>Deletes what was to be told to an account or about it, and takes its name out of what others are told of its gifts. Repeating it does nothing.</summary>
    /// <exception cref="TimeoutException">Those who deliver are at the same rows: to be asked again later.</exception>
    public async Task ForgetAsync(string accountId, CancellationToken cancellationToken)
    {
        for (var pass = 0; pass < PassesLimit; pass++)
        {
            if (!await FindAndForgetAsync(accountId, cancellationToken))
            {
                return;
            }
        }

        throw new TimeoutException("The outbox could not be cleared of an account now.");
    }

    /// <returns>Whether anything was found: it may have moved, meanwhile, to where this pass had been already.</returns>
    private async Task<bool> FindAndForgetAsync(string accountId, CancellationToken cancellationToken)
    {
        var (client, hasFound) = (await tables.GetAsync(TableNames.Outbox), false);
        var filter = TableClient.CreateQueryFilter($"Account eq {accountId} or Kind eq {GiftNews.Kind}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            var isOwn = row.TryGetValue(OutboxRows.Account, out var account) && accountId.Equals(account);
            var nameless = isOwn ? null : WithoutName(row, accountId);
            if (!isOwn && nameless is null)
            {
                continue;
            }

            hasFound = true;
            if (!row.ContainsKey(OutboxRows.MovesTo) || row.Timestamp + Moving <= time.GetUtcNow())
            {
                await ForgetAsync(client, row, nameless, cancellationToken);
            }
        }

        return hasFound;
    }

    /// <summary>As it was read: then whoever is about to move the row, or to tell it on, finds that they were too late.</summary>
    /// <param name="nameless">The body that it is to have; null when it is to go.</param>
    private static async Task ForgetAsync(TableClient client, TableEntity row, string? nameless, CancellationToken cancellationToken)
    {
        try
        {
            await (nameless is null
                ? client.DeleteEntityAsync(row.PartitionKey, row.RowKey, row.ETag, cancellationToken)
                : client.UpdateEntityAsync(new TableEntity(row.PartitionKey, row.RowKey) { [OutboxRows.Body] = nameless }, row.ETag, TableUpdateMode.Merge, cancellationToken));
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            // It was sent, or moved to another time, at the same moment: the next pass sees.
        }
    }

    /// <returns>The body of a gift of the account's, without its name; null for any other row.</returns>
    private string? WithoutName(TableEntity row, string accountId)
    {
        try
        {
            return row.GetString(OutboxRows.Body) is { } body && StoredJson.Read<GiftNews>(body) is var gift && string.Equals(gift.From, accountId, StringComparison.Ordinal)
                ? StoredJson.Write(gift with { From = null })
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // One row that nobody can read must not keep anybody from being forgotten.
            LogUnreadable(logger, exception, row.RowKey);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Error, "Gift {ItemId} of the outbox cannot be read.")]
    private static partial void LogUnreadable(ILogger logger, Exception exception, string itemId);
}
