using ServerlessAi.Simulator.Time;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>What an instance of the app runs on: a clock that may be wrong, and a life that may end at any step.</summary>
internal sealed class Machine(int number, InstanceClock clock)
{
    private readonly TaskCompletionSource death = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int? stepsLeft;

    public int Number => number;

    public InstanceClock Clock => clock;

    public bool IsAlive => !death.Task.IsCompleted;

    /// <summary>Completes when the machine dies.</summary>
    public Task Death => death.Task;

    /// <summary>Lets the machine die at a step of its own: when it next sends or receives something for the so-manieth time.</summary>
    public void DieAfter(int steps) => stepsLeft ??= steps;

    /// <summary>Takes that back; a machine that is dead stays so.</summary>
    public void Survive() => stepsLeft = null;

    public void Die()
    {
        clock.Die();
        death.TrySetResult();
    }

    /// <summary>A step to the outside, or back. On a dead machine nobody ever returns from it.</summary>
    public Task PassAsync()
    {
        if (stepsLeft is { } left)
        {
            stepsLeft = left - 1;
            if (left <= 0)
            {
                Die();
            }
        }

        return IsAlive ? Task.CompletedTask : new TaskCompletionSource().Task;
    }
}
