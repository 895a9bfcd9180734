namespace ServerlessAi.Simulator.Time;

/// <summary>A timer of a simulated world. It fires on the world's thread, and never after its owner died.</summary>
internal sealed class VirtualTimer : ITimer
{
    private readonly ExecutionContext? context = ExecutionContext.Capture();
    private readonly VirtualTime time;
    private readonly Func<bool> isDead;
    private readonly TimerCallback callback;
    private readonly object? state;
    private TimeSpan period;
    private long order;
    private bool isDisposed;

    public VirtualTimer(VirtualTime time, Func<bool> isDead, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        this.time = time;
        this.isDead = isDead;
        this.callback = callback;
        this.state = state;
        Change(dueTime, period);
    }

    public bool IsDue(long scheduled) => !isDisposed && order == scheduled && !isDead();

    public void Fire()
    {
        order = period > TimeSpan.Zero ? time.Schedule(this, period) : 0;
        if (context is null)
        {
            callback(state);
        }
        else
        {
            ExecutionContext.Run(context, static timer => ((VirtualTimer)timer!).Call(), this);
        }
    }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, Timeout.InfiniteTimeSpan);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, Timeout.InfiniteTimeSpan);
        if (isDisposed)
        {
            return false;
        }

        this.period = period;
        order = dueTime >= TimeSpan.Zero ? time.Schedule(this, dueTime) : 0;
        return true;
    }

    public void Dispose() => isDisposed = true;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void Call() => callback(state);
}
