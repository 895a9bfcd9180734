namespace ServerlessAi.Tests;

public sealed class ManualTimeTests
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ManualTime _time = new(s_start);

    [Fact]
    public void The_clock_stands_until_it_is_advanced()
    {
        var from = _time.GetTimestamp();
        Assert.Equal(s_start, _time.GetUtcNow());
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(s_start.AddMinutes(5), _time.GetUtcNow());
        Assert.Equal(TimeSpan.FromMinutes(5), _time.GetElapsedTime(from));
    }

    [Fact]
    public void Due_timers_fire_in_order_each_at_its_own_moment()
    {
        var fired = new List<string>();
        void Timer(string name, int dueSeconds, int periodSeconds) => _time.CreateTimer(
            _ => fired.Add($"{name}@{(_time.GetUtcNow() - s_start).TotalSeconds}"), state: null, TimeSpan.FromSeconds(dueSeconds), TimeSpan.FromSeconds(periodSeconds));
        Timer("late", 9, 0);
        Timer("often", 2, 3);
        Timer("tie", 5, 0);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(["often@2", "tie@5", "often@5", "often@8", "late@9"], fired);
        Assert.Equal(s_start.AddSeconds(11), _time.NextDue);
    }

    [Fact]
    public void A_callback_may_set_a_timer_that_falls_due_in_the_same_advance()
    {
        var at = new List<double>();
        _time.CreateTimer(
            _ => _time.CreateTimer(_ => at.Add((_time.GetUtcNow() - s_start).TotalSeconds), state: null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan),
            state: null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal([3.0], at);
    }

    [Fact]
    public void A_disposed_or_stopped_timer_does_not_fire()
    {
        var fired = 0;
        var disposed = _time.CreateTimer(_ => fired++, state: null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        var stopped = _time.CreateTimer(_ => fired++, state: null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        disposed.Dispose();
        stopped.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, fired);
        Assert.False(disposed.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public async Task Task_delay_and_cancellation_follow_it()
    {
        var delay = Task.Delay(TimeSpan.FromHours(1), _time);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(30), _time);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.True(timeout.IsCancellationRequested);
        Assert.False(delay.IsCompleted);
        _time.Advance(TimeSpan.FromMinutes(1));
        await delay.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_timer_due_at_once_fires_without_an_advance()
    {
        var fired = new TaskCompletionSource();
        _time.CreateTimer(_ => fired.TrySetResult(), state: null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        await fired.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Advances_of_several_threads_add_up_and_fire_each_tick_once()
    {
        var fired = 0;
        _time.CreateTimer(_ => Interlocked.Increment(ref fired), state: null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        Parallel.For(0, 100, _ => _time.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal((100, s_start.AddSeconds(100)), (fired, _time.GetUtcNow()));
    }
}
