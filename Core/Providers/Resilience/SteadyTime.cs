namespace ServerlessAi.Providers.Resilience;

/// <summary>Time as it passes, whatever happens to the calendar: Polly dates its breaks, and a clock that is set back must not keep a circuit open for a year.</summary>
internal sealed class SteadyTime(TimeProvider time) : TimeProvider
{
    private readonly long startedAt = time.GetTimestamp();

    public override long TimestampFrequency => time.TimestampFrequency;

    public TimeSpan Now => time.GetElapsedTime(startedAt);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Now;

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => time.CreateTimer(callback, state, dueTime, period);
}
