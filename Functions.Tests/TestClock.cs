using System.Collections.Concurrent;

namespace ServerlessAi.Tests;

/// <summary>
/// A calendar that only a test moves, while timers and measured durations stay real: for tests that drive a real server and real storage, which
/// must not stand still when the test's date does. Starts at noon of a fixed future day, so that signed URLs are valid and no test meets midnight by accident.
/// </summary>
internal sealed class TestClock : TimeProvider
{
    public static readonly DateTimeOffset Start = new(2040, 5, 16, 12, 0, 0, TimeSpan.Zero);

    private long ticks = Start.UtcTicks;

    /// <summary>How far it goes on with each look at it, as real time does; nothing unless a test says so.</summary>
    public TimeSpan PerLook { get; set; }

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Add(ref ticks, PerLook.Ticks), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);

    private readonly ConcurrentQueue<ITimer> held = new();
    private TimeSpan? heldLength;

    /// <summary>From now on timers of exactly this length fire when <see cref="Fire"/> says so, and not before.</summary>
    public void Hold(TimeSpan length) => heldLength = length;

    public void Fire()
    {
        heldLength = null;
        while (held.TryDequeue(out var timer))
        {
            timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != heldLength)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        var timer = base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period);
        held.Enqueue(timer);
        return timer;
    }
}
