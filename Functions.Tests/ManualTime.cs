namespace ServerlessAi.Tests;

/// <summary>
/// Time that moves only when a test says so. <see cref="Advance"/> fires every timer that falls due, in order, each with the
/// clock at its own moment, and runs the callbacks on the caller's thread. Callbacks may create, change and dispose timers and
/// may advance further. A timer due at once fires on the thread pool, as the system's does.
/// </summary>
internal sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly SortedSet<ManualTimer> _timers = new(Comparer<ManualTimer>.Create(static (a, b) => (a.Due, a.Order).CompareTo((b.Due, b.Order))));
    private DateTimeOffset _now = start.ToUniversalTime();
    private DateTimeOffset _target = start.ToUniversalTime();
    private long _lastOrder;

    public ManualTime()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>When the next timer fires; a test can wait for the code under test to have set its own before it advances.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (_lock)
            {
                return _timers.Min?.Due;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        DateTimeOffset target;
        lock (_lock)
        {
            target = _target += by;
        }

        while (TakeDue(target) is { } timer)
        {
            timer.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock to the earliest due timer and claims it, or moves the clock to the target.</summary>
    private ManualTimer? TakeDue(DateTimeOffset target)
    {
        lock (_lock)
        {
            if (_timers.Min is not { } timer || timer.Due > target)
            {
                _now = Later(_now, target);
                return null;
            }

            _timers.Remove(timer);
            _now = Later(_now, timer.Due);
            if (timer.Period > TimeSpan.Zero)
            {
                Schedule(timer, timer.Due + timer.Period);
            }

            return timer;
        }
    }

    private void Schedule(ManualTimer timer, DateTimeOffset due)
    {
        timer.Due = due;
        timer.Order = ++_lastOrder;
        _timers.Add(timer);
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private readonly ExecutionContext? _context = ExecutionContext.Capture();
        private bool _disposed;

        public DateTimeOffset Due { get; set; }

        public long Order { get; set; }

        public TimeSpan Period { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, Timeout.InfiniteTimeSpan);
            ArgumentOutOfRangeException.ThrowIfLessThan(period, Timeout.InfiniteTimeSpan);
            lock (time._lock)
            {
                if (_disposed)
                {
                    return false;
                }

                time._timers.Remove(this);
                Period = period;
                if (dueTime > TimeSpan.Zero)
                {
                    time.Schedule(this, time._now + dueTime);
                }
                else if (dueTime == TimeSpan.Zero)
                {
                    if (period > TimeSpan.Zero)
                    {
                        time.Schedule(this, time._now + period);
                    }

                    ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Fire(), this, preferLocal: false);
                }
            }

            return true;
        }

        public void Fire()
        {
            if (_context is null)
            {
                callback(state);
            }
            else
            {
                ExecutionContext.Run(_context, static s => ((ManualTimer)s!).Call(), this);
            }
        }

        public void Dispose()
        {
            lock (time._lock)
            {
                _disposed = true;
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Call() => callback(state);
    }
}
