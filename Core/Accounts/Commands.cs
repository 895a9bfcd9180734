using System.Collections.Immutable;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>Something asked of one account. Commands are data; <see cref="Account.Decide"/> says what they do.</summary>
public abstract record Command(string OperationId);

/// <summary>Takes the hold that a billable call needs, or refuses.</summary>
/// <param name="Offers">What may be admitted, the wished-for first, a cheaper tier after it.</param>
/// <param name="PlatformOverBudget">The platform's month has reached its soft budget.</param>
public sealed record Reserve(
    string OperationId, WorkKind Kind, ImmutableArray<Offer> Offers, PlanBook Plans, TimeSpan Lease, bool PlatformOverBudget) : Command(OperationId)
{
    /// <summary>The ended hold of this id, when the store found one: the operation already ran its course.</summary>
    public HoldRecord? Recorded { get; init; }

    /// <summary>Who spends, where several share the account; null for its only user.</summary>
    public string? Member { get; init; }

    /// <summary>The batch that it is an item of; null when it came alone.</summary>
    public string? Batch { get; init; }

    /// <summary>The idempotency key that this operation is to own; null for none.</summary>
    public Claim? Claim { get; init; }

    /// <summary>Who owned the key before, when the store found somebody.</summary>
    public ClaimRecord? RecordedClaim { get; init; }
}

/// <summary>Turns a hold into a charge, or into less.</summary>
/// <param name="ChargeMicro">What the call costs the user; a hold of the free quota charges nothing whatever is said here.</param>
/// <param name="CostNanoUsd">What the whole operation cost us.</param>
public sealed record Settle(string OperationId, long ChargeMicro, long CostNanoUsd, UsageFacts Facts) : Command(OperationId)
{
    /// <summary>The part of <see cref="CostNanoUsd"/> that is only assumed.</summary>
    public long UncertainCostNanoUsd { get; init; }

    public HoldRecord? Recorded { get; init; }

    /// <summary>What answers the idempotency key of the hold again; null when it has none.</summary>
    public string? Payload { get; init; }

    /// <summary>The image that this pays for, which joins the account's gallery; null when it is something else.</summary>
    public ImageRecord? Image { get; init; }

    /// <summary>That image is in the gallery already, from the cache; looked up when the hold has lapsed, and otherwise the hold says so.</summary>
    public bool HasJoined { get; init; }

    /// <summary>Who owns that key now, looked up when the hold has lapsed and the key may have been taken over.</summary>
    public ClaimRecord? RecordedClaim { get; init; }
}

/// <summary>Lets an idempotency key stand for an answer that took no hold: one from the cache.</summary>
public sealed record Remember(string OperationId, Claim Claim, string Payload) : Command(OperationId)
{
    public ClaimRecord? RecordedClaim { get; init; }
}

/// <summary>Ends a hold without a charge; what we had to pay all the same is in <paramref name="CostNanoUsd"/>.</summary>
public sealed record Release(string OperationId, string Reason, long CostNanoUsd = 0, UsageFacts? Facts = null) : Command(OperationId)
{
    /// <summary>The part of <see cref="CostNanoUsd"/> that is only assumed.</summary>
    public long UncertainCostNanoUsd { get; init; }

    public HoldRecord? Recorded { get; init; }
}

/// <summary>Something done for good and without a hold. Its row <c>op|…</c> keeps a repetition from doing it again.</summary>
public abstract record Once(string OperationId, string Reason) : Command(OperationId)
{
    /// <summary>The same operation as carried out before, when the store found its row.</summary>
    public OperationRecord? Recorded { get; init; }

    /// <summary>
    /// When that began which this belongs to: an order, a gift. To an account whose namesake was deleted since it is <c>account_closed</c>, as it was to
    /// the one that was meant; null is for whoever has the name now.
    /// </summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>A team's founder alone agreed to pay for it: <c>account_closed</c> when they were forgotten since, or are.</summary>
    public bool NeedsFounder { get; init; }

    /// <summary>
    /// Somebody tried this operation before, perhaps on another machine, and its write may still be on its way. A refusal is then the last word: nothing comes of
    /// it later.
    /// </summary>
    public bool MayHaveHappened { get; init; }

    /// <summary>The idempotency key that this operation is to own and answer; null for none.</summary>
    public Claim? Claim { get; init; }

    /// <summary>Who owned the key before, when the store found somebody.</summary>
    public ClaimRecord? RecordedClaim { get; init; }

    /// <summary>The money that it stands for; null for none.</summary>
    public Income? Income { get; init; }
}

/// <summary>Puts on record what moves no credits: money alone, or that something has happened of which somebody is to be told.</summary>
public sealed record Note(string OperationId, string Reason) : Once(OperationId, Reason);

/// <summary>Moves credits in or out.</summary>
/// <param name="AmountMicro">More than zero, whichever way it goes.</param>
public abstract record Change(string OperationId, long AmountMicro, string Reason) : Once(OperationId, Reason)
{
    /// <summary>What it adds to the balance.</summary>
    public abstract long SignedMicro { get; }

    /// <summary>Changes nothing: only asks whether it was carried out before, and is refused (<c>precondition_failed</c>) when not.</summary>
    public bool IsQuestion { get; init; }
}

/// <summary>Adds credits.</summary>
public sealed record Grant(string OperationId, GrantKind Kind, long AmountMicro, string Reason) : Change(OperationId, AmountMicro, Reason)
{
    public override long SignedMicro => AmountMicro;

    /// <summary>Purchased credits that come back from a gift nobody could receive: in the ledger a gift, so that gifts given and received add up.</summary>
    public bool IsGiftBack { get; init; }

    public int Priority { get; init; }

    public DateTimeOffset? EffectiveAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Credits of a plan that come back: what its period may be called, which they end with; empty for others.</summary>
    public ImmutableArray<PaidPeriod> Periods { get; init; } = [];
}

/// <summary>Takes credits away; refused when the account has fewer.</summary>
public sealed record Deduct(string OperationId, long AmountMicro, string Reason) : Change(OperationId, AmountMicro, Reason)
{
    public override long SignedMicro => -AmountMicro;
}

/// <summary>Takes purchased credits away to give them to another account; refused when the account has bought fewer.</summary>
public sealed record GiveAway(string OperationId, long AmountMicro, string Reason) : Change(OperationId, AmountMicro, Reason)
{
    public override long SignedMicro => -AmountMicro;
}

/// <summary>Takes back credits whose price was paid back: purchased ones, or what plans granted. What is spent already, or held at the moment, is ours to bear: the balance is never negative.</summary>
public sealed record Refund(string OperationId, long AmountMicro, string Reason) : Change(OperationId, AmountMicro, Reason)
{
    /// <summary>What the plan's period may be called that was paid for; empty: credits were bought.</summary>
    public ImmutableArray<PaidPeriod> Periods { get; init; } = [];

    public override long SignedMicro => -AmountMicro;
}

/// <summary>Changes who may spend from the account.</summary>
/// <param name="User">Of whom.</param>
public abstract record MemberChange(string OperationId, string User, string Reason) : Once(OperationId, Reason);

/// <summary>Lets somebody spend from the account. Who may already goes on as before; but who founds it owns it.</summary>
/// <param name="CapMicro">Micro-credits a month; null for no cap, and for owners.</param>
public sealed record AddMember(string OperationId, string User, long? CapMicro, string Reason) : MemberChange(OperationId, User, Reason)
{
    public bool IsOwner { get; init; }

    /// <summary>What the account is called from now on; null leaves it as it is.</summary>
    public string? Name { get; init; }
}

/// <summary>Changes what a member may spend; <c>not_found</c> when they are none.</summary>
/// <param name="CapMicro">Micro-credits a month; null for no cap.</param>
public sealed record CapMember(string OperationId, string User, long? CapMicro) : MemberChange(OperationId, User, "cap");

/// <summary>Ends it, whether or not there was anything to end.</summary>
/// <param name="IsForgotten">
/// Whatever they have used: nothing that leads to them stays. Of a team's founder it ends what they agreed to: a plan that is paid for ends with its period.
/// </param>
public sealed record RemoveMember(string OperationId, string User, bool IsForgotten) : MemberChange(OperationId, User, IsForgotten ? "forgotten" : "left");

/// <summary>Ends an account because its user wants to be forgotten: what credits are left lapse, and nothing begins any more.</summary>
/// <param name="Of">When the account that is meant was opened; another of the same name is not closed.</param>
/// <param name="IsCopied">Its numbers stand under another name by now, so that it counts no longer.</param>
public sealed record Close(string OperationId, DateTimeOffset Of, bool IsCopied) : Once(OperationId, "account_deleted");

/// <summary>Asks for nothing but what any command does first: periods roll, expired holds and credits are reclaimed.</summary>
public sealed record Sweep() : Command("sweep");

/// <summary>One way to serve a request, with its worst case.</summary>
/// <param name="IsStandard">Belongs to the cheaper tier that budgets fall back to.</param>
/// <param name="FixedMicro">Charge that does not depend on output: an image, or the prompt's tokens.</param>
/// <param name="OutputMicroPerMillion">Micro-credits per million output tokens; 0 for images.</param>
public sealed record Offer(string ModelId, int PriceVersion, bool IsStandard, bool FreeQuota, long FixedMicro, long InputTokens)
{
    /// <summary>Whose limits of the plan it counts against, whoever serves it in the end; null counts against none.</summary>
    public string? Provider { get; init; }

    /// <summary>What a plan must include for it; null is for every plan.</summary>
    public string? Access { get; init; }

    public int OutputTokens { get; init; }

    public decimal OutputMicroPerMillion { get; init; }

    /// <summary>Fewest output tokens worth calling for.</summary>
    public int LeastOutputTokens { get; init; }

    /// <summary>It is priced by the call or the image: tokens are nothing it uses.</summary>
    internal bool IsTokenless => InputTokens == 0 && OutputTokens == 0;

    /// <summary>What we pay at most for the fixed part, nano-USD.</summary>
    public long FixedCostNanoUsd { get; init; }

    public decimal OutputCostNanoPerMillion { get; init; }

    public long WorstMicro(int outputTokens) => FixedMicro + Money.RoundUp(outputTokens * OutputMicroPerMillion / Money.TokensPerRate);

    public long WorstCostNanoUsd(int outputTokens) => FixedCostNanoUsd + Money.RoundUp(outputTokens * OutputCostNanoPerMillion / Money.TokensPerRate);
}
