using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Time;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>What goes wrong between the machines and storage: single requests, conflict storms, outages.</summary>
internal sealed class StorageWeather(WorldPlan plan, VirtualTime time, Random random)
{
    /// <summary>What the SDK of this app waits for an answer.</summary>
    public static readonly TimeSpan NetworkTimeout = TimeSpan.FromMilliseconds(1_500);

    private bool isCalm;
    private Outage outage;

    private enum Outage
    {
        None,
        Everything,
        AccountsOnly,
        WritesOnly,
        Conflicts,
    }

    public Dictionary<FaultKind, int> Count { get; } = [];

    /// <summary>No more trouble from now on.</summary>
    public void Calm() => isCalm = true;

    /// <summary>Begins and ends outages and conflict storms until the weather is calm.</summary>
    public async Task ChangeAsync()
    {
        while (!isCalm && (plan.HasOutages || plan.ConflictShare > 0))
        {
            await Task.Delay(TimeSpan.FromSeconds(random.Next(5, 90)), time);
            outage = plan.HasOutages && random.Next(2) == 0 ? (Outage)random.Next(1, 4) : plan.ConflictShare > 0 ? Outage.Conflicts : Outage.None;
            // Some pass before a request's own patience, some outlast a lease.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(4) == 0 ? random.Next(60_000, 400_000) : random.Next(200, 12_000)), time);
            outage = Outage.None;
        }
    }

    public Fault Choose(SimulatedRequest request)
    {
        var fault = isCalm ? Fault.None : IsHit(request) ? InOutage() : Single(request);
        Count[fault.Kind] = Count.GetValueOrDefault(fault.Kind) + 1;
        return fault;
    }

    private bool IsHit(SimulatedRequest request) => outage switch
    {
        Outage.Everything => true,
        Outage.AccountsOnly => string.Equals(request.Table, TableNames.Accounts, StringComparison.Ordinal),
        Outage.WritesOnly => request.IsTransaction || !string.Equals(request.Method, "GET", StringComparison.Ordinal),
        _ => false,
    };

    private Fault InOutage() => random.Next(4) switch
    {
        0 => Fault.Timeout,
        1 => Fault.Error500,
        _ => Fault.Busy503,
    };

    private Fault Single(SimulatedRequest request)
    {
        if (outage == Outage.Conflicts && request.IsTransaction && random.NextDouble() < plan.ConflictShare)
        {
            return Fault.Preempted;
        }

        if (random.NextDouble() >= plan.StorageTroubleShare)
        {
            return Fault.None;
        }

        // The worst that storage does to money: writes that nobody knows of, or that arrive after everybody has given them up.
        return random.Next(request.IsTransaction ? 16 : 9) switch
        {
            0 => Fault.Busy503,
            1 => Fault.Error500,
            2 => Fault.Timeout,
            3 => Fault.Delayed(TimeSpan.FromMilliseconds(random.Next(100, 1_400))),
            4 => Fault.Preempted,
            5 or >= 13 => Fault.ReplyLost,
            _ => Fault.LateApplied(Task.Delay(NetworkTimeout + TimeSpan.FromMilliseconds(random.Next(random.Next(2) == 0 ? 3_000 : 120_000)), time)),
        };
    }
}
