using System.Globalization;
using System.Text.Json;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Caching;

/// <summary>
/// Deletes cached answers that have ended, with their texts. An idempotency key that was answered from the cache has the same text, so an answer goes only
/// when all keys that met it have expired. A run does a bounded amount of work over the partitions in turn, and the next goes on where it ended.
/// </summary>
public sealed class StaleAnswers(Tables tables, TextBlobs texts, WarmRows warm, TimeProvider time)
{
    /// <summary>Longer than a key lives after the last moment in which it can be answered from the cache, and any clock may be wrong.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromDays(2);

    private const int RowsLimit = 50_000;
    private const int Partitions = 256;
    private const string Cursor = "cursor";
    private const string Next = "Next";

    public Task TidyAsync(CancellationToken cancellationToken) => TidyAsync(RowsLimit, cancellationToken);

    /// <param name="limit">Answers that one run deletes.</param>
    internal async Task TidyAsync(int limit, CancellationToken cancellationToken)
    {
        var (client, before) = (await tables.GetAsync(TableNames.Cache), time.GetUtcNow() - Rest);
        var first = await ReadCursorAsync(client, cancellationToken);
        for (var (walked, left) = (0, limit); walked < Partitions; walked++)
        {
            var partition = (first + walked) % Partitions;
            var deleted = await DeleteAsync(client, partition, before, left, cancellationToken);
            left -= deleted;
            var isLast = left <= 0 || walked == Partitions - 1;
            if (deleted > 0 || isLast)
            {
                // One of which not all went is where the next run begins.
                await WriteCursorAsync(client, left <= 0 ? partition : (partition + 1) % Partitions, cancellationToken);
            }

            if (isLast)
            {
                break;
            }
        }

        await foreach (var ended in warm.EndingAsync(before, cancellationToken).Take(limit).WithCancellation(cancellationToken))
        {
            // Nobody has renewed it, or nothing is kept warm any more.
            await warm.TakeAsync(ended, cancellationToken);
        }
    }

    private async Task<int> DeleteAsync(TableClient client, int partition, DateTimeOffset before, int limit, CancellationToken cancellationToken)
    {
        var deleted = 0;
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition.ToString("x2", CultureInfo.InvariantCulture)} and ExpiresAt lt {before}");
        await foreach (var page in client.QueryAsync<TableEntity>(filter, Math.Min(limit, Deletions.RowsLimit), cancellationToken: cancellationToken).AsPages().WithCancellation(cancellationToken))
        {
            // The texts first: without their names in a row nobody would find them. A row that is made anew meanwhile has others.
            foreach (var name in page.Values.SelectMany(TextsOf))
            {
                await texts.DeleteAsync(name, cancellationToken);
            }

            deleted += await client.DeleteUnchangedAsync(page.Values, cancellationToken);
            if (deleted >= limit)
            {
                break;
            }
        }

        return deleted;
    }

    private static IEnumerable<string> TextsOf(TableEntity row) => new[] { TextOf(row), row.GetString(WarmRows.RequestBlob) }.OfType<string>();

    private static string? TextOf(TableEntity row)
    {
        try
        {
            return AnswerCache.Read(row).TextBlob;
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException)
        {
            // Of another version, or broken: the row goes, and what nothing leads to any more goes by its age.
            return null;
        }
    }

    private static async Task<int> ReadCursorAsync(TableClient client, CancellationToken cancellationToken)
    {
        var row = await client.GetEntityIfExistsAsync<TableEntity>(Cursor, Cursor, cancellationToken: cancellationToken);
        return row.HasValue ? row.Value!.GetInt32(Next) ?? 0 : 0;
    }

    private static Task WriteCursorAsync(TableClient client, int next, CancellationToken cancellationToken) =>
        client.UpsertEntityAsync(new TableEntity(Cursor, Cursor) { [Next] = next }, TableUpdateMode.Replace, cancellationToken);
}
