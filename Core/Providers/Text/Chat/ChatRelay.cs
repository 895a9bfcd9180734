namespace ServerlessAi.Providers.Text;

/// <summary>Sends one chunk to the client, as JSON.</summary>
public delegate ValueTask SendChunk(ReadOnlyMemory<byte> json, CancellationToken cancellationToken);

/// <summary>
/// The client's end of a stream, and how long the stream may live. A client that goes away ends nothing: what the vendor still says is read on within
/// bounds, because its last words are what the call cost.
/// </summary>
public sealed class ChatRelay : IDisposable
{
    private readonly SendChunk send;
    private readonly StreamOptions options;
    private readonly TimeProvider time;
    private readonly long startedAt;
    private readonly TimeSpan total;
    private readonly CancellationTokenSource life;
    private readonly CancellationTokenRegistration leaving;
    private readonly CancellationTokenRegistration closing;
    private readonly CancellationToken clientGone;
    private readonly Lock gate = new();
    private TimeSpan? leftAfter;
    private TimeSpan? stoppedAfter;
    private long drainedBytes;

    /// <param name="total">Time that all attempts and the stream may take together.</param>
    /// <param name="clientGone">Fires when the client has left.</param>
    /// <param name="stopping">Fires when the app has to stop.</param>
    public ChatRelay(SendChunk send, StreamOptions options, TimeSpan total, TimeProvider time, CancellationToken clientGone, CancellationToken stopping = default)
    {
        (this.send, this.options, this.time, this.total, this.clientGone) = (send, options, time, total, clientGone);
        startedAt = time.GetTimestamp();
        life = new CancellationTokenSource(total, time);
        leaving = clientGone.Register(Leave);
        closing = stopping.Register(Close);
    }

    /// <summary>Fires when nothing more is waited for: the time is up, the vendor has fallen silent, the client left too long ago, or the app stops.</summary>
    public CancellationToken Life => life.Token;

    /// <summary>The model whose chunks are sent, by its id in the catalog.</summary>
    public string? ModelServed { get; set; }

    /// <summary>Something was sent: from now on no other model can answer.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>Whether another model may still answer: not after one has begun to speak, nor when nobody waits for it any longer.</summary>
    public bool MayAskAnother => !HasStarted && !IsClientGone && !life.IsCancellationRequested;

    /// <summary>It is we who end it early, not the vendor.</summary>
    public bool IsCutShort
    {
        get
        {
            lock (gate)
            {
                return leftAfter is not null || stoppedAfter is not null;
            }
        }
    }

    public bool IsClientGone
    {
        get
        {
            lock (gate)
            {
                return leftAfter is not null;
            }
        }
    }

    /// <summary>Bytes of text that went out while somebody was there.</summary>
    public long SentTextBytes { get; private set; }

    /// <summary>Sends a chunk, or lets it go when nobody is there to take it.</summary>
    /// <param name="textBytes">How much of it is the model's own words.</param>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> json, int textBytes)
    {
        StayAwake();
        if (IsClientGone)
        {
            CountDrained(json.Length);
            return;
        }

        try
        {
            HasStarted = true;
            using var either = CancellationTokenSource.CreateLinkedTokenSource(clientGone, life.Token);
            await send(json, either.Token);
            SentTextBytes += textBytes;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // How servers say that a connection is closed, or was in this very moment.
            Leave();
        }
    }

    /// <summary>The vendor has said something; it has as long again for the next.</summary>
    public void StayAwake()
    {
        lock (gate)
        {
            life.CancelAfter(Due(time.GetElapsedTime(startedAt)));
        }
    }

    public void Dispose()
    {
        leaving.Dispose();
        closing.Dispose();
        life.Dispose();
    }

    private void Leave()
    {
        lock (gate)
        {
            var now = time.GetElapsedTime(startedAt);
            leftAfter ??= now;
            life.CancelAfter(Due(now));
        }
    }

    private void Close()
    {
        lock (gate)
        {
            var now = time.GetElapsedTime(startedAt);
            stoppedAfter ??= now;
            life.CancelAfter(Due(now));
        }
    }

    private void CountDrained(int bytes)
    {
        drainedBytes += bytes;
        if (drainedBytes > options.DrainBytes)
        {
            life.Cancel();
        }
    }

    // Whatever comes first: silence, the end of all patience, or the end of that with a client who has gone or with an app that stops.
    private TimeSpan Due(TimeSpan now)
    {
        var idle = TimeSpan.FromMilliseconds(options.SilenceMs);
        var due = HasStarted && idle < total - now ? idle : total - now;
        var drain = leftAfter is { } left ? left + TimeSpan.FromMilliseconds(options.DrainMs) - now : due;
        var stop = stoppedAfter is { } stopped ? stopped + TimeSpan.FromMilliseconds(options.StopMs) - now : due;
        due = drain < due ? drain : due;
        due = stop < due ? stop : due;
        return due > TimeSpan.Zero ? due : TimeSpan.Zero;
    }
}
