using ServerlessAi.Accounts;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;

namespace ServerlessAi;

/// <summary>A billable request whose kind nobody needs to know any more.</summary>
public abstract class BillableItem
{
    public abstract WorkKind Kind { get; }

    /// <summary>What it may cost at most, or what is wrong with it.</summary>
    /// <summary>Who spends, where several share the account.</summary>
    public abstract string? Member { get; }

    public abstract Answer<Quote> Quote(Catalog catalog, DateTimeOffset now);

    /// <summary>Sends it through the gateway as one of a batch.</summary>
    /// <param name="started">Told the operation's id when it has its hold.</param>
    public abstract Task<Answer<Served>> ServeAsync(Gateway gateway, string batch, Claim? claim, Action<string> started, CancellationToken cancellationToken);

    /// <summary>The answer's body, as JSON: what its own route would answer.</summary>
    public abstract ValueTask<string> WriteAsync(Served served);
}

/// <inheritdoc/>
/// <param name="write">Makes the answer's body.</param>
public sealed class BillableItem<TRequest, TProduct>(Work<TRequest, TProduct> work, TRequest request, Func<Served, ValueTask<string>> write) : BillableItem
    where TRequest : GatewayRequest
    where TProduct : class
{
    public override WorkKind Kind => work.Kind;

    public override string? Member => request.Caller.Member;

    public override Answer<Quote> Quote(Catalog catalog, DateTimeOffset now) => work.Problem(request) is { } problem ? problem : work.Quote(request, catalog, now);

    public override Task<Answer<Served>> ServeAsync(Gateway gateway, string batch, Claim? claim, Action<string> started, CancellationToken cancellationToken) =>
        gateway.ServeAsync(work, request with { Batch = batch, Claim = claim, Started = started }, cancellationToken);

    public override ValueTask<string> WriteAsync(Served served) => write(served);
}
