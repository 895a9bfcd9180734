using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Options;
using ServerlessAi.Storage;

namespace ServerlessAi.Caching;

/// <summary>A popular answer, by the row that says when it ends.</summary>
public sealed record WarmAnswer(string Hash, DateTimeOffset ExpiresAt, ETag ETag);

/// <summary>
/// What keeps popular answers warm needs of storage. A cached row has the request beside its answer, so that one goes with the other. Popular ones have
/// a row each in the partition <c>warm</c>, in the order in which they expire, so that nobody has to look through the whole cache.
/// </summary>
public sealed class WarmRows(Tables tables, TextBlobs blobs, IOptions<CacheOptions> options)
{
    private const string Partition = "warm";
    private const string Kind = "RequestKind";
    private const string Request = "Request";
    internal const string RequestBlob = "RequestBlob";
    private const string TtlSeconds = "TtlSeconds";

    /// <summary>What tells of a cached row whether it can be renewed.</summary>
    public static readonly string[] Columns = ["Hits", "ExpiresAt", Kind];

    /// <summary>Puts the request into the row of its answer; nothing as long as nothing is kept warm.</summary>
    /// <exception cref="Exception">What <see cref="StorageFaults.IsAny"/> knows, when a long request cannot be kept.</exception>
    public async Task WriteAsync(TableEntity row, CachedRequest? request, TimeSpan ttl, CancellationToken cancellationToken)
    {
        if (request is null || !options.Value.KeepsWarm)
        {
            return;
        }

        row[Kind] = request.Kind;
        row[TtlSeconds] = ttl.TotalSeconds;
        if (request.Json.Length > TextBlobs.RowLimit)
        {
            // Anew each time: no text has to be kept for longer than the answer it is beside.
            row[RequestBlob] = await blobs.SaveAsync(request.Json, cancellationToken);
        }
        else
        {
            row[Request] = request.Json;
        }
    }

    /// <summary>Enters an answer among the popular ones when these hits make it one.</summary>
    /// <param name="row">With <see cref="Columns"/>, before they are added.</param>
    public async Task CountAsync(string hash, TableEntity row, long hits, CancellationToken cancellationToken)
    {
        var (before, least) = (row.GetInt64("Hits") ?? 0, options.Value.WarmMinHits);
        if (options.Value.KeepsWarm && before < least && before + hits >= least && row.ContainsKey(Kind) && row.GetDateTimeOffset("ExpiresAt") is { } expiresAt)
        {
            await MarkAsync(hash, expiresAt, cancellationToken);
        }
    }

    /// <summary>Popular answers that end before an instant, the first to end first; those that have ended are among them.</summary>
    public async IAsyncEnumerable<WarmAnswer> EndingAsync(DateTimeOffset before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Cache);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and RowKey lt {Key("", before)}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            var parts = row.RowKey.Split('|');
            yield return new WarmAnswer(parts[1], new DateTimeOffset(long.Parse(parts[0], CultureInfo.InvariantCulture), TimeSpan.Zero), row.ETag);
        }
    }

    /// <summary>Takes an answer out of the popular ones. Of several who try, one succeeds.</summary>
    public async Task<bool> TakeAsync(WarmAnswer answer, CancellationToken cancellationToken)
    {
        try
        {
            var client = await tables.GetAsync(TableNames.Cache);
            using var response = await client.DeleteEntityAsync(Partition, Key(answer.Hash, answer.ExpiresAt), answer.ETag, cancellationToken);
            return response.Status is 204;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            return false;
        }
    }

    /// <summary>Enters an answer among the popular ones.</summary>
    public async Task MarkAsync(string hash, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Cache);
        await client.UpsertEntityAsync(new TableEntity(Partition, Key(hash, expiresAt)), TableUpdateMode.Replace, cancellationToken);
    }

    /// <returns>The request of an answer that ends then and has been asked for often enough since it was made; null otherwise.</returns>
    public async Task<CachedRequest?> FindAsync(WarmAnswer answer, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Cache);
        var found = await client.GetEntityIfExistsAsync<TableEntity>(AnswerCache.Partition(answer.Hash), answer.Hash, cancellationToken: cancellationToken);
        if (!found.HasValue || found.Value is not { } row || row.GetDateTimeOffset("ExpiresAt") != answer.ExpiresAt || row.GetInt64("Hits") < options.Value.WarmMinHits
            || row.GetString(Kind) is not { } kind)
        {
            return null;
        }

        var blob = row.GetString(RequestBlob);
        var json = blob is null ? row.GetString(Request) : await blobs.ReadAsync(blob, cancellationToken);
        return json is null ? null : new CachedRequest(kind, json) { Ttl = TimeSpan.FromSeconds(row.GetDouble(TtlSeconds) ?? 0) };
    }

    private static string Key(string hash, DateTimeOffset expiresAt) => string.Create(CultureInfo.InvariantCulture, $"{expiresAt.UtcTicks:D19}|{hash}");
}
