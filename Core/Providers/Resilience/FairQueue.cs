namespace ServerlessAi.Providers.Resilience;

/// <summary>
/// The queue in front of one provider: so many calls at once, so many waiting. A slot that becomes free goes to the accounts that wait in turn, one
/// request each, so that a burst of one account delays another's request by the time of one turn. When the queue is full, an account that waits with
/// less takes a place from the one that waits with most.
/// </summary>
internal sealed class FairQueue(int concurrency, int limit, TimeProvider time)
{
    // Of the newest sojourn; enough to follow a provider that becomes slow within some ten calls.
    private const double Weight = 0.2;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Line> lines = new(StringComparer.Ordinal);
    private readonly LinkedList<Line> turns = new();
    private int inUse;
    private int waiting;
    private TimeSpan average;

    public int InUse
    {
        get
        {
            lock (gate)
            {
                return inUse;
            }
        }
    }

    public int Waiting
    {
        get
        {
            lock (gate)
            {
                return waiting;
            }
        }
    }

    /// <summary>How long it takes, at the pace of the last calls, until somebody who comes now would be served; between a second and a minute.</summary>
    public TimeSpan Pause
    {
        get
        {
            lock (gate)
            {
                var estimate = average * (waiting + 1) / concurrency;
                return estimate < ShortestPause ? ShortestPause : estimate > LongestPause ? LongestPause : estimate;
            }
        }
    }

    /// <summary>Waits for a slot, which is held until it is disposed of.</summary>
    /// <returns>Null when there is none within <paramref name="patience"/>, the queue is full, or somebody else took the place in it.</returns>
    public async ValueTask<Slot?> EnterAsync(string account, TimeSpan patience)
    {
        Waiter waiter;
        lock (gate)
        {
            if (inUse < concurrency)
            {
                inUse++;
                return new Slot(this, waited: false);
            }

            if (patience <= TimeSpan.Zero || (waiting >= limit && !MakeRoom(account)))
            {
                return null;
            }

            waiter = new Waiter(LineOf(account));
            waiter.Place = waiter.Line.Waiters.AddLast(waiter);
            waiting++;
        }

        using var timer = time.CreateTimer(_ => Dismiss(waiter), state: null, patience, Timeout.InfiniteTimeSpan);
        return await waiter.Turn.Task;
    }

    /// <summary>An account's newest request gives way only when that makes the lines more even; else who came first stays.</summary>
    private bool MakeRoom(string account)
    {
        var own = lines.TryGetValue(account, out var line) ? line.Waiters.Count : 0;
        var longest = turns.MaxBy(other => other.Waiters.Count);
        if (longest is null || longest.Waiters.Count <= own + 1)
        {
            return false;
        }

        Dismiss(longest.Waiters.Last!.Value);
        return true;
    }

    private Line LineOf(string account)
    {
        if (!lines.TryGetValue(account, out var line))
        {
            line = new Line(account);
            lines.Add(account, line);
            line.Turn = turns.AddLast(line);
        }

        return line;
    }

    private void Dismiss(Waiter waiter)
    {
        lock (gate)
        {
            if (waiter.Place is not null)
            {
                Remove(waiter);
                waiter.Turn.SetResult(null);
            }
        }
    }

    private void Leave(TimeSpan held)
    {
        lock (gate)
        {
            average = average == TimeSpan.Zero ? held : average * (1 - Weight) + held * Weight;
            if (turns.First is not { } next)
            {
                inUse--;
                return;
            }

            var waiter = next.Value.Waiters.First!.Value;
            turns.RemoveFirst();
            turns.AddLast(next);
            Remove(waiter);
            waiter.Turn.SetResult(new Slot(this, waited: true));
        }
    }

    private void Remove(Waiter waiter)
    {
        var line = waiter.Line;
        line.Waiters.Remove(waiter.Place!);
        waiter.Place = null;
        waiting--;
        if (line.Waiters.Count == 0)
        {
            turns.Remove(line.Turn!);
            lines.Remove(line.Account);
        }
    }

    /// <summary>The requests of one account that wait, oldest first.</summary>
    private sealed class Line(string account)
    {
        public string Account { get; } = account;

        public LinkedList<Waiter> Waiters { get; } = new();

        public LinkedListNode<Line>? Turn { get; set; }
    }

    private sealed class Waiter(Line line)
    {
        public Line Line { get; } = line;

        public LinkedListNode<Waiter>? Place { get; set; }

        // Whoever frees a slot holds the lock, and must not run what comes next.
        public TaskCompletionSource<Slot?> Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The right to one call.</summary>
    /// <param name="waited">It was not free at once.</param>
    internal sealed class Slot(FairQueue queue, bool waited) : IDisposable
    {
        private readonly long takenAt = queue.Timestamp;
        private bool isLeft;

        public bool Waited => waited;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref isLeft, true))
            {
                queue.Leave(queue.Since(takenAt));
            }
        }
    }

    private long Timestamp => time.GetTimestamp();

    private TimeSpan Since(long timestamp) => time.GetElapsedTime(timestamp);
}
