using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Access.Sealing;

/// <summary>
/// The key ring that all instances share: one blob, changed only on condition that it is as it was read. Whoever finds that a key is needed adds it; who
/// comes second takes the first one's. While storage is out of reach the ring that is known goes on being good.
/// </summary>
public sealed partial class SealKeys(StorageConnection connection, IOptions<StorageOptions> options, IIdSource ids, TimeProvider time, ILogger<SealKeys> logger)
{
    private const string BlobName = "key-ring.xml";
    private const int WriteAttempts = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Believed = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly BlobContainer container = new(connection, options.Value, options.Value.KeysContainer, time);
    private readonly Lock gate = new();
    private Task<SealKeySet>? reading;
    private volatile Known? known;

    private sealed record Known(SealKeySet Keys, DateTimeOffset ReadAt, DateTimeOffset Until);

    /// <exception cref="Exception">What <see cref="StorageFaults.IsUnavailable"/> knows, when nothing was read before and storage does not answer.</exception>
    internal async ValueTask<SealKeySet> GetAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return known is { } believed && now < believed.Until ? believed.Keys : await ReadOnceAsync().WaitAsync(Patience, time, cancellationToken);
    }

    /// <summary>Reads the ring again, at most once a minute: somebody brings what no known key opens.</summary>
    /// <returns>Null when it was read just now.</returns>
    internal async ValueTask<SealKeySet?> GetNewerAsync(CancellationToken cancellationToken) =>
        known is { } recent && time.GetUtcNow() < recent.ReadAt + Pause ? null : await ReadOnceAsync().WaitAsync(Patience, time, cancellationToken);

    // For all who wait, and not on the time of the one who came first.
    private Task<SealKeySet> ReadOnceAsync()
    {
        lock (gate)
        {
            return reading is { IsCompleted: false } ? reading : reading = ReadAsync();
        }
    }

    private async Task<SealKeySet> ReadAsync()
    {
        var now = time.GetUtcNow();
        try
        {
            var keys = await ReadOrMakeAsync(now);
            known = new Known(keys, now, Earlier(now + Believed, keys.SealsUntil));
            return keys;
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception) && known is { } old && now < old.Keys.SealsUntil)
        {
            LogKept(logger, exception);
            known = old with { ReadAt = now, Until = Earlier(now + Pause, old.Keys.SealsUntil) };
            return old.Keys;
        }
    }

    private async Task<SealKeySet> ReadOrMakeAsync(DateTimeOffset now)
    {
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var (keys, tag) = await DownloadAsync(now);
            if (!keys.NeedsKey(now))
            {
                return keys;
            }

            var changed = keys.WithNewKey(now);
            try
            {
                var condition = tag is { } seen ? new BlobRequestConditions { IfMatch = seen } : new BlobRequestConditions { IfNoneMatch = ETag.All };
                await container.UploadAsync(BlobName, changed.Write(), new BlobHttpHeaders { ContentType = "application/xml" }, CancellationToken.None, condition);
                return changed;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1 + ids.NextJitter() * (20 << attempt)), time);
            }
        }

        throw new TimeoutException("Others changed the key ring each time that a key was added.");
    }

    private async Task<(SealKeySet Keys, ETag? Tag)> DownloadAsync(DateTimeOffset now)
    {
        try
        {
            var blob = await container.Client.GetBlobClient(BlobName).DownloadContentAsync();
            return (SealKeySet.Read(blob.Value.Content, now), blob.Value.Details.ETag);
        }
        catch (RequestFailedException exception) when (StorageFaults.IsMissing(exception))
        {
            return (SealKeySet.Empty(ids.NewSecret(32), now), null);
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    [LoggerMessage(LogLevel.Warning, "The key ring could not be read again; the known one stays in use.")]
    private static partial void LogKept(ILogger logger, Exception exception);
}
