namespace ServerlessAi;

/// <summary>Counts what must come to its end before the app may.</summary>
internal sealed class UnderWay
{
    private readonly Lock gate = new();
    private TaskCompletionSource none = Completed();
    private int count;

    public int Count
    {
        get
        {
            lock (gate)
            {
                return count;
            }
        }
    }

    /// <summary>Done when nothing is under way.</summary>
    public Task None
    {
        get
        {
            lock (gate)
            {
                return none.Task;
            }
        }
    }

    /// <summary>One more, until it is disposed of.</summary>
    public IDisposable Begin()
    {
        lock (gate)
        {
            if (count++ == 0)
            {
                none = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        return new One(this);
    }

    private void End()
    {
        lock (gate)
        {
            if (--count == 0)
            {
                none.SetResult();
            }
        }
    }

    private static TaskCompletionSource Completed()
    {
        var completed = new TaskCompletionSource();
        completed.SetResult();
        return completed;
    }

    private sealed class One(UnderWay all) : IDisposable
    {
        private bool ended;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref ended, true))
            {
                all.End();
            }
        }
    }
}
