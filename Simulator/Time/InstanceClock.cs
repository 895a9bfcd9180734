namespace ServerlessAi.Simulator.Time;

/// <summary>The clock of one machine in a simulated world: its calendar may go wrong, and when the machine dies its timers never fire again.</summary>
public sealed class InstanceClock(VirtualTime world, TimeSpan skew) : TimeProvider
{
    private bool isDead;

    /// <summary>How far this calendar is ahead of the world's.</summary>
    public TimeSpan Skew { get; set; } = skew;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => world.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => world.GetUtcNow() + Skew;

    public override long GetTimestamp() => world.GetTimestamp();

    public void Die() => isDead = true;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new VirtualTimer(world, () => isDead, callback, state, dueTime, period);
}
