using System.Collections.Immutable;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi;

/// <param name="Items">In their order; a refusal in the place of one that cannot be read.</param>
/// <param name="Concurrency">Items wanted at once at most; null for as many as the plan allows.</param>
/// <param name="Claim">The idempotency key of the whole; null for none.</param>
public sealed record BatchRequest(Caller Caller, ImmutableArray<Answer<BillableItem>> Items, int? Concurrency, Claim? Claim);

/// <summary>What became of one item: its own route's body, or the refusal.</summary>
public sealed record ItemOutcome(string? Body, Refusal? Refusal)
{
    /// <summary>Nothing comes of it any more by carrying on with the batch: not so where time or storage was what was missing.</summary>
    public bool IsFinal => Refusal is not { Code: RefusalCodes.NotReached or RefusalCodes.NotFinished or RefusalCodes.StorageUnavailable or RefusalCodes.AccountBusy };

    public static ItemOutcome Of(Refusal refusal) => new(Body: null, refusal);
}

/// <summary>What became of a batch's items, in their order.</summary>
public sealed record BatchOutcome(ImmutableArray<ItemOutcome> Items)
{
    /// <summary>Every item has come to its end.</summary>
    public bool IsComplete => Items.All(item => item.IsFinal);
}

/// <param name="Body">As JSON.</param>
/// <param name="Replayed">It was given before, to an earlier request with the same key.</param>
public sealed record BatchAnswer(string Body, bool Replayed);
