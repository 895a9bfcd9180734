namespace ServerlessAi.Storage;

/// <summary>
/// Something read from storage as a whole and believed for a while. When storage does not answer, what was read last serves on, or a substitute, and
/// storage is asked again soon.
/// </summary>
/// <param name="fresh">How long it is believed.</param>
/// <param name="load">Reads it.</param>
/// <param name="substitute">What serves when it cannot be read, from what was read last; null for nothing yet.</param>
/// <param name="unavailable">Hears of each failure.</param>
internal sealed class Remembered<T>(
    TimeProvider time, TimeSpan fresh, Func<CancellationToken, Task<T>> load, Func<T?, T> substitute, Action<Exception> unavailable)
    where T : class
{
    // What is stale can wait for the next try; at a cold start there is nothing, and signing in takes its time.
    private static readonly TimeSpan RefreshPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim loading = new(1, 1);
    private volatile Known? known;

    private sealed record Known(T Value, DateTimeOffset GoodUntil);

    /// <summary>What was read last, however long ago; null when nothing was.</summary>
    public T? Last => known?.Value;

    public async ValueTask<T> GetAsync(CancellationToken cancellationToken)
    {
        if (known is { } current && time.GetUtcNow() < current.GoodUntil)
        {
            return current.Value;
        }

        await loading.WaitAsync(cancellationToken);
        try
        {
            if (known is { } other && time.GetUtcNow() < other.GoodUntil)
            {
                return other.Value;
            }

            known = await LoadAsync(cancellationToken);
            return known.Value;
        }
        finally
        {
            loading.Release();
        }
    }

    /// <summary>Makes the next reader ask storage; for the instance that has just changed something.</summary>
    public void Forget() => known = known is { } last ? last with { GoodUntil = DateTimeOffset.MinValue } : null;

    private async Task<Known> LoadAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        try
        {
            var patience = known is null ? FirstPatience : RefreshPatience;
            return new Known(await load(cancellationToken).WaitAsync(patience, time, cancellationToken), now + fresh);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && StorageFaults.IsUnavailable(exception))
        {
            unavailable(exception);
            return new Known(substitute(known?.Value), now + RetryAfterFailure);
        }
    }
}
