using System.Collections.Immutable;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>What a command came to.</summary>
public abstract record Outcome;

/// <summary>The hold was taken.</summary>
public sealed record Admitted(Hold Hold) : Outcome;

/// <summary>The idempotency key belongs to this operation: another one, which came first, or the one that has just claimed it.</summary>
public sealed record Claimed(ClaimRecord Record) : Outcome;

/// <summary>Nothing changed, and why.</summary>
public sealed record Refused(Refusal Refusal) : Outcome;

/// <summary>The hold has ended as recorded, now or by an earlier command of the same operation.</summary>
/// <param name="Account">The account right after, for the answer's headers.</param>
public sealed record Ended(HoldRecord Record, AccountState Account) : Outcome;

/// <summary>Credits moved as recorded, now or by an earlier command of the same operation.</summary>
/// <param name="Credits">What the account has right after; for a repetition, what it has now.</param>
public sealed record Posted(OperationRecord Record, CreditsThen Credits) : Outcome
{
    /// <summary>It was carried out before, and nothing moved now.</summary>
    public bool IsRepeat { get; init; }
}

/// <summary>The plan is as asked for, now or by an earlier command of the same operation.</summary>
/// <param name="Account">Right after; for a repetition, as it is now.</param>
public sealed record PlanSet(OperationRecord Record, AccountState Account) : Outcome
{
    /// <summary>It was carried out before, and nothing changed now.</summary>
    public bool IsRepeat { get; init; }
}

/// <summary>The account's members are as asked for, now or by an earlier command of the same operation.</summary>
public sealed record MemberSet(AccountState Account) : Outcome;

/// <summary>The account is closed, now or since an earlier command.</summary>
public sealed record Closed(AccountState Account) : Outcome;

/// <summary>Housekeeping was done.</summary>
public sealed record Swept : Outcome;

/// <summary>What <see cref="Account.Decide"/> answers: the next state, the rows that go with it, and the outcome.</summary>
public sealed record Decision(AccountState State, Outcome Outcome)
{
    public ImmutableArray<LedgerEntry> Entries { get; init; } = [];

    public ImmutableArray<HoldRecord> Holds { get; init; } = [];

    public ImmutableArray<UsageRecord> Usage { get; init; } = [];

    public ImmutableArray<OperationRecord> Operations { get; init; } = [];

    public ImmutableArray<ClaimRecord> Claims { get; init; } = [];

    /// <summary>That holds paid for; they may be in the gallery already.</summary>
    public ImmutableArray<ImageRecord> Images { get; init; } = [];

    /// <summary>From the cache, and not in the gallery yet.</summary>
    public ImmutableArray<ImageRecord> Joined { get; init; } = [];

    public ImmutableArray<RemovedImage> Removed { get; init; } = [];

    public ImmutableArray<AlertRecord> Alerts { get; init; } = [];

    public ImmutableArray<SubscriptionEvent> Plans { get; init; } = [];

    /// <summary>Operations that stand for money.</summary>
    public IEnumerable<OperationRecord> Paid => Operations.Where(operation => operation.Income is not null);

    /// <summary>What the billing history says of it beside the events of plans, which carry their own money.</summary>
    public IEnumerable<Bill> Bills => Entries.Where(Reports.Tallies.IsPayment).Select(entry => Bill.Of(entry, Operations))
        .Concat(Paid.Where(IsUntold).Select(Bill.Of));

    private bool IsUntold(OperationRecord paid) => !Plans.Any(change => string.Equals(change.OperationId, paid.OperationId, StringComparison.Ordinal))
        && !Entries.Any(entry => entry.Sequence == paid.Sequence && Reports.Tallies.IsPayment(entry));
}
