namespace ServerlessAi.Simulator.Time;

/// <summary>
/// Runs a simulated world so that a seed alone decides what happens in which order. Everything that is ready to run runs first; only when nothing is
/// left, so that all of the world waits for a timer, does the next timer fire. This needs a process whose thread pool has one thread: then what is
/// ready runs in the order in which it became ready, always the same.
/// </summary>
public sealed class Conductor : IThreadPoolWorkItem
{
    private readonly VirtualTime time;
    private readonly TimeSpan limit;
    private readonly Func<Task> scenario;
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? running;

    private Conductor(VirtualTime time, TimeSpan limit, Func<Task> scenario)
    {
        this.time = time;
        this.limit = limit;
        this.scenario = scenario;
    }

    /// <summary>Runs a scenario to its end. Call it from the process's main thread, which waits meanwhile.</summary>
    /// <param name="limit">Simulated time by which the scenario must have ended.</param>
    /// <exception cref="InvalidOperationException">The thread pool has more than one thread, or the scenario waits for something that never comes.</exception>
    public static void Run(VirtualTime time, TimeSpan limit, Func<Task> scenario)
    {
        ThreadPool.GetMaxThreads(out var workers, out _);
        if (workers != 1 || Thread.CurrentThread.IsThreadPoolThread)
        {
            throw new InvalidOperationException("A simulated world needs a process with ThreadPoolMaxThreads=1, and is started from its main thread.");
        }

        var conductor = new Conductor(time, limit, scenario);
        conductor.Requeue();
        conductor.completion.Task.GetAwaiter().GetResult();
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            running ??= scenario();
            if (ThreadPool.PendingWorkItemCount > 0)
            {
                Requeue();
            }
            else if (running.IsCompleted)
            {
                completion.TrySetFromTask(running);
            }
            else if (time.Elapsed <= limit && time.FireNext())
            {
                Requeue();
            }
            else
            {
                completion.TrySetException(new InvalidOperationException("The scenario does not end: it waits for something that no timer brings about."));
            }
        }
        catch (Exception exception)
        {
            // A timer's callback threw: whoever runs the world must hear of it.
            completion.TrySetException(exception);
        }
    }

    // Behind everything that is ready.
    private void Requeue() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
}
