using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Simulation;

/// <summary>Makes a share of all requests go wrong, drawn from a seed, in the order in which they arrive.</summary>
internal sealed class SeededFaults(int seed, double share)
{
    /// <summary>A late request arrives after at most so many others.</summary>
    private const int LatenessLimit = 4;

    private readonly Lock gate = new();
    private readonly Random random = new(seed);
    private readonly List<(long After, TaskCompletionSource Arrival)> late = [];
    private bool isCalm;

    /// <summary>How many of each kind there were.</summary>
    public Dictionary<FaultKind, int> Count { get; } = [];

    public Fault Choose(SimulatedRequest request)
    {
        List<TaskCompletionSource> arriving;
        Fault fault;
        lock (gate)
        {
            arriving = [.. late.Where(one => one.After < request.Sequence).Select(one => one.Arrival)];
            late.RemoveAll(one => one.After < request.Sequence);
            fault = Draw(request.Sequence);
            Count[fault.Kind] = Count.GetValueOrDefault(fault.Kind) + 1;
        }

        arriving.ForEach(arrival => arrival.SetResult());
        return fault;
    }

    /// <summary>No more faults; whatever was late arrives now.</summary>
    public void Calm()
    {
        lock (gate)
        {
            isCalm = true;
            late.ForEach(one => one.Arrival.SetResult());
            late.Clear();
        }
    }

    private Fault Draw(long sequence)
    {
        if (isCalm || random.NextDouble() >= share)
        {
            return Fault.None;
        }

        switch (random.Next(5))
        {
            case 0:
                return Fault.Busy503;
            case 1:
                return Fault.Error500;
            case 2:
                return Fault.Timeout;
            case 3:
                return Fault.ReplyLost;
            default:
                // Whoever lets it arrive carries it out on the spot, before its own request.
                var arrival = new TaskCompletionSource();
                late.Add((sequence + random.Next(LatenessLimit), arrival));
                return Fault.LateApplied(arrival.Task);
        }
    }
}
