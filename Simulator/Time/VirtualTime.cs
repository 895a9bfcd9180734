namespace ServerlessAi.Simulator.Time;

/// <summary>
/// The time of a simulated world. It stands still until <see cref="FireNext"/> lets the earliest timer fire, and is then that timer's moment. The
/// calendar can jump without a timer noticing, as it does on a machine that was suspended or whose clock was set. Not thread-safe: a world has one thread.
/// </summary>
public sealed class VirtualTime(DateTimeOffset start) : TimeProvider
{
    private readonly PriorityQueue<(VirtualTimer Timer, long Order), (long DueTicks, long Order)> queue = new();
    private TimeSpan calendarShift;
    private long nowTicks;
    private long lastOrder;

    /// <summary>Time that has passed, jumps of the calendar not counted.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(nowTicks);

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => start + calendarShift + Elapsed;

    public override long GetTimestamp() => nowTicks;

    /// <summary>Sets the calendar forward, or back.</summary>
    public void JumpCalendar(TimeSpan by) => calendarShift += by;

    /// <summary>Fires the earliest timer, at its moment.</summary>
    /// <returns>False when no timer is set.</returns>
    public bool FireNext()
    {
        while (queue.TryDequeue(out var next, out var due))
        {
            if (next.Timer.IsDue(next.Order))
            {
                nowTicks = Math.Max(nowTicks, due.DueTicks);
                next.Timer.Fire();
                return true;
            }
        }

        return false;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new VirtualTimer(this, isDead: () => false, callback, state, dueTime, period);

    /// <returns>What the timer is known by until it is set anew.</returns>
    internal long Schedule(VirtualTimer timer, TimeSpan dueTime)
    {
        queue.Enqueue((timer, ++lastOrder), (nowTicks + dueTime.Ticks, lastOrder));
        return lastOrder;
    }
}
