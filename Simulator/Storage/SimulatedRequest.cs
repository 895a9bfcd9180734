namespace ServerlessAi.Simulator.Storage;

/// <summary>What a fault function sees of a request.</summary>
/// <param name="Sequence">1, 2, 3, ... in the order of arrival at one service.</param>
/// <param name="Table">Table or container; empty when the request names none, as a list of tables does.</param>
/// <param name="Partition">Partition key where the request names one.</param>
/// <param name="IsTransaction">A change set.</param>
public sealed record SimulatedRequest(long Sequence, string Method, string Table, string? Partition, bool IsTransaction);

public enum FaultKind
{
    None,

    /// <summary>503 <c>ServerBusy</c>; nothing is done.</summary>
    Busy503,

    /// <summary>500 <c>InternalError</c>; nothing is done.</summary>
    Error500,

    /// <summary>It never arrives, and the caller's network timeout passes.</summary>
    Timeout,

    /// <summary>It is carried out, then the connection breaks.</summary>
    ReplyLost,

    /// <summary>It is carried out after a while.</summary>
    Delayed,

    /// <summary>The caller's network timeout passes, and it is carried out afterwards all the same.</summary>
    LateApplied,

    /// <summary>Somebody else writes the rows that it changes a moment before, with the same content; a condition on their tags then fails.</summary>
    Preempted,
}

/// <summary>What happens to one request on its way.</summary>
public sealed class Fault
{
    public static readonly Fault None = new(FaultKind.None);
    public static readonly Fault Busy503 = new(FaultKind.Busy503);
    public static readonly Fault Error500 = new(FaultKind.Error500);
    public static readonly Fault Timeout = new(FaultKind.Timeout);
    public static readonly Fault ReplyLost = new(FaultKind.ReplyLost);
    public static readonly Fault Preempted = new(FaultKind.Preempted);

    private Fault(FaultKind kind) => Kind = kind;

    public FaultKind Kind { get; }

    /// <summary>For <see cref="FaultKind.Delayed"/>: how long, by the service's clock.</summary>
    public TimeSpan Delay { get; private init; }

    /// <summary>For <see cref="FaultKind.LateApplied"/>: when it arrives.</summary>
    public Task Arrival { get; private init; } = Task.CompletedTask;

    public static Fault Delayed(TimeSpan delay) => new(FaultKind.Delayed) { Delay = delay };

    public static Fault LateApplied(Task arrival) => new(FaultKind.LateApplied) { Arrival = arrival };
}
