using Azure.Data.Tables;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Storage;

namespace ServerlessAi.Caching;

/// <summary>
/// Answers by hash: a bounded level in memory above the table. Losing the cache costs a provider call, never an answer: when storage does not
/// answer, reading finds nothing and writing is skipped.
/// </summary>
public sealed partial class AnswerCache(Tables tables, AnswerTexts texts, WarmRows warm, HitCounts hits, IOptions<CacheOptions> options, TimeProvider time, ILogger<AnswerCache> logger) : IDisposable
{
    private const string Stored = "Answer";
    private const long MemoryCharsLimit = 32_000_000;

    // Connecting and signing in take their time, and an answer that is known must not be charged because of them.
    private const int FirstPatience = 5;

    private readonly MemoryCache memory = new(new MemoryCacheOptions { SizeLimit = MemoryCharsLimit });

    private volatile bool hasRead;

    private sealed record Entry(CachedAnswer Answer, DateTimeOffset ExpiresAt);

    public async Task<CachedAnswer?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (memory.TryGetValue(hash, out Entry? entry) && entry!.ExpiresAt > now)
        {
            hits.Count(hash);
            return entry.Answer;
        }

        var (stored, chars) = await ReadAsync(hash, cancellationToken);
        if (stored is null || stored.ExpiresAt <= now)
        {
            return null;
        }

        Remember(hash, stored, chars);
        hits.Count(hash);
        return stored.Answer;
    }

    /// <summary>Keeps an answer for a time. Not being able to is logged and otherwise without consequence.</summary>
    /// <param name="request">What it can be made from again; null when it cannot.</param>
    public async Task StoreAsync(string hash, CachedAnswer answer, TimeSpan ttl, CancellationToken cancellationToken, CachedRequest? request = null)
    {
        if (ttl <= TimeSpan.Zero)
        {
            return;
        }

        try
        {
            var entry = new Entry(await texts.KeepAsync(answer, cancellationToken), time.GetUtcNow() + ttl);
            var json = StoredJson.Write(entry.Answer.ToStored());
            Remember(hash, entry, json.Length);
            var row = new TableEntity(Partition(hash), hash)
            {
                ["ExpiresAt"] = entry.ExpiresAt,
                ["Model"] = answer.Usage.ModelServed,
                ["Hits"] = 0L,
            };
            LongText.Write(row, Stored, json);
            await warm.WriteAsync(row, request, ttl, cancellationToken);
            var client = await tables.GetAsync(TableNames.Cache);
            await client.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception))
        {
            LogNotStored(logger, exception);
        }
    }

    public void Dispose() => memory.Dispose();

    internal static string Partition(string hash) => hash[..2];

    private async Task<(Entry? Entry, int Chars)> ReadAsync(string hash, CancellationToken cancellationToken)
    {
        try
        {
            var patience = TimeSpan.FromMilliseconds(options.Value.LookupPatienceMs * (hasRead ? 1 : FirstPatience));
            var found = await ReadRowAsync(hash, cancellationToken).WaitAsync(patience, time, cancellationToken);
            hasRead = true;
            return found;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && StorageFaults.IsAny(exception))
        {
            LogNotRead(logger, exception);
            return (null, 0);
        }
    }

    private async Task<(Entry? Entry, int Chars)> ReadRowAsync(string hash, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Cache);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(Partition(hash), hash, cancellationToken: cancellationToken);
        if (!row.HasValue || row.Value!.GetDateTimeOffset("ExpiresAt") is not { } expiresAt)
        {
            return (null, 0);
        }

        var json = LongText.Read(row.Value!, Stored);
        return await texts.CompleteAsync(StoredJson.Read<CachedAnswer>(json), cancellationToken) is { } answer
            ? (new Entry(answer, expiresAt), json.Length)
            : (null, 0);
    }

    /// <summary>The answer of a row, without a text that has a blob of its own.</summary>
    internal static CachedAnswer Read(TableEntity row) => StoredJson.Read<CachedAnswer>(LongText.Read(row, Stored));

    private void Remember(string hash, Entry entry, int chars)
    {
        var apart = entry.Answer.TextBlob is null ? 0 : entry.Answer.Text?.Length ?? 0;
        memory.Set(hash, entry, new MemoryCacheEntryOptions { Size = chars + apart });
    }

    [LoggerMessage(LogLevel.Warning, "The cache cannot be read; the request goes on without it.")]
    private static partial void LogNotRead(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "An answer could not be cached.")]
    private static partial void LogNotStored(ILogger logger, Exception exception);
}
