using System.Globalization;
using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Crashes;

/// <summary>What ends an instance's work in the middle.</summary>
public enum Mishap
{
    /// <summary>The process dies: none of its requests arrives any more, and it does nothing about it.</summary>
    Death,

    /// <summary>One reply is lost after the request was carried out; the process goes on.</summary>
    LostReply,
}

/// <summary>An instance's requests to storage and to the payment gateway, counted, up to the one at which the mishap comes.</summary>
/// <param name="allowed">Requests that go well before it.</param>
internal sealed class Life(Mishap mishap, int allowed)
{
    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool isBuried;
    private volatile bool hasBegun;
    private int count;

    private enum Step
    {
        Goes,
        IsLost,
        Hangs,
        Fails,
    }

    /// <summary>Completes when the process has died.</summary>
    public Task Over => over.Task;

    /// <summary>Whether the mishap has come.</summary>
    public bool IsStruck => Volatile.Read(ref count) > allowed;

    /// <summary>Counting begins: whatever starting takes is not what is tested.</summary>
    public void Begin() => hasBegun = true;

    /// <summary>What still hangs may end, and achieve nothing.</summary>
    public void Bury() => isBuried = true;

    public Fault OfStorage(SimulatedRequest request) => Next() switch
    {
        Step.IsLost => Fault.ReplyLost,
        Step.Hangs => Fault.Delayed(Timeout.InfiniteTimeSpan),
        Step.Fails => Fault.Timeout,
        _ => Fault.None,
    };

    public DelegatingHandler OfGateway() => new Gateway(this);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{mishap} after {allowed} requests");

    private Step Next()
    {
        if (!hasBegun)
        {
            return Step.Goes;
        }

        var number = Interlocked.Increment(ref count);
        if (mishap == Mishap.LostReply)
        {
            return number == allowed + 1 ? Step.IsLost : Step.Goes;
        }

        if (number <= allowed)
        {
            return Step.Goes;
        }

        over.TrySetResult();
        return isBuried ? Step.Fails : Step.Hangs;
    }

    private sealed class Gateway(Life life) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            switch (life.Next())
            {
                case Step.Hangs:
                    await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                    goto case Step.Fails;
                case Step.IsLost:
                    (await base.SendAsync(request, cancellationToken)).Dispose();
                    goto case Step.Fails;
                case Step.Fails:
                    throw new HttpRequestException("The connection broke.");
                default:
                    return await base.SendAsync(request, cancellationToken);
            }
        }
    }
}
