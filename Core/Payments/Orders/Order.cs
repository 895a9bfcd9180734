using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;

namespace ServerlessAi.Payments.Orders;

/// <summary>What an order buys. The names are stored.</summary>
public enum OrderKind
{
    /// <summary>A package of credits, paid for on a page.</summary>
    Credits = 0,

    /// <summary>A package of credits, bought by itself when the balance was low.</summary>
    TopUp = 1,

    /// <summary>The first period of a plan.</summary>
    Plan = 2,

    /// <summary>A dearer plan for what is left of a period.</summary>
    Upgrade = 3,

    /// <summary>A further period of a plan.</summary>
    Renewal = 4,
}

/// <summary>How an order stands; made from its facts, never stored.</summary>
public enum OrderStatus
{
    Created = 0,
    Paid = 1,
    Fulfilled = 2,
    Failed = 3,
    Expired = 4,
    PartlyRefunded = 5,
    Refunded = 6,
    Disputed = 7,
}

/// <summary>How an amount came about. It is frozen in the order.</summary>
/// <param name="UnitCents">The price of one.</param>
/// <param name="PercentOff">For the quantity.</param>
/// <param name="CodeCents">What a promotional code took off besides.</param>
/// <param name="AmountCents">What is to be paid, rounded up to a cent.</param>
public sealed record OrderPrice(long UnitCents, int Quantity, decimal PercentOff, long CodeCents, long AmountCents, string Currency);

/// <summary>A dispute that the payer's bank opened.</summary>
/// <param name="IsWon">It was decided for us; otherwise it is open or lost, and the money is gone.</param>
public sealed record OrderDispute(string Id, long Cents, bool IsWon);

/// <summary>A try without the payer that was declined, and of which the owner has not been told.</summary>
/// <param name="Try">1, 2, ...: which try of the order it was.</param>
public sealed record UntoldDecline(int Try, string Reason);

/// <summary>Credits taken back, or given back after a dispute was won. Written before it is carried out.</summary>
/// <param name="Micro">More than zero is taken, less is given back.</param>
/// <param name="TakenMicro">What it came to: null until it was carried out.</param>
public sealed record Reversal(string OperationId, long Micro, long? TakenMicro)
{
    /// <summary>The money that it stands for: more than zero went back, less has come back. 0 for an order whose money is not counted.</summary>
    public long Cents { get; init; }

    /// <summary>What was spent already and is ours to bear.</summary>
    [JsonIgnore]
    public long AbsorbedMicro => TakenMicro is { } taken ? Micro - taken : 0;
}

/// <summary>
/// One purchase, with everything that its fulfilment needs: nothing of it is taken from what the payment side says later. What happens to it are facts that
/// only add up, so that events may come twice, late and in any order (README.md of this room).
/// </summary>
public sealed record Order(string Id, string AccountId, OrderKind Kind, string Title, OrderPrice Price)
{
    private const int NotesLimit = 20;

    public required string Gateway { get; init; }

    /// <summary>Real money.</summary>
    public bool IsLive { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When somebody looks after it if nothing was heard.</summary>
    public DateTimeOffset CheckAt { get; init; }

    /// <summary>What the request was, when it came with an idempotency key.</summary>
    public string? Fingerprint { get; init; }

    public string? PackageId { get; init; }

    public string? PromoCode { get; init; }

    /// <summary>Credits that it grants; for plans what the quote said.</summary>
    public long CreditsMicro { get; init; }

    public PlanTerms? Terms { get; init; }

    public PlanBasis? Basis { get; init; }

    public DateTimeOffset? QuotedAt { get; init; }

    /// <summary>The payment method is kept for payments without the payer.</summary>
    public bool SavesMethod { get; init; }

    /// <summary>The app's own address as the payer knew it; null for orders without a page.</summary>
    public string? PageOrigin { get; init; }

    /// <summary>Whose page it is, when the gateway knows the payer already.</summary>
    public string? PageCustomerId { get; init; }

    /// <summary>Whoever pays on its page is charged later without being asked, or pays as who is: it is shown to the account's owner and to no other member.</summary>
    [JsonIgnore]
    public bool IsPageOfOwner => SavesMethod || PageCustomerId is not null;

    public string? SessionId { get; init; }

    public string? CheckoutUrl { get; init; }

    public string? PaymentId { get; init; }

    public string? CustomerId { get; init; }

    public string? MethodId { get; init; }

    /// <summary>Tries without the payer that were declined, by the gateway's names of them.</summary>
    public ImmutableArray<string> Declined { get; init; } = [];

    public DateTimeOffset? DeclinedAt { get; init; }

    /// <summary>Those of them that the owner is still to be told of.</summary>
    public ImmutableArray<UntoldDecline> Untold { get; init; } = [];

    /// <summary>When the present try without the payer began.</summary>
    public DateTimeOffset? TriedAt { get; init; }

    public DateTimeOffset? PaidAt { get; init; }

    /// <summary>Its money counts in reports; that of orders which were paid before any was counted does not, nor what of it is paid back.</summary>
    public bool IsCounted { get; init; }

    public DateTimeOffset? FulfilledAt { get; init; }

    /// <summary>The plan could no longer be had as quoted; credits of the same worth were granted in its place.</summary>
    public bool AsCredits { get; init; }

    /// <summary>It was paid for an account that is deleted, or without the payer for a plan that does not go on: nothing is granted any more, and what was paid goes back.</summary>
    public DateTimeOffset? UndeliverableAt { get; init; }

    /// <summary>Nobody can pay it any more: its page is closed, or it was not wanted before a charge without the payer was asked for.</summary>
    public DateTimeOffset? ExpiredAt { get; init; }

    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>Paid back so far.</summary>
    public long RefundedCents { get; init; }

    public ImmutableArray<OrderDispute> Disputes { get; init; } = [];

    public ImmutableArray<Reversal> Reversals { get; init; } = [];

    /// <summary>A plan paid back in full has been ended, or was over already.</summary>
    public bool IsPlanEnded { get; init; }

    /// <summary>It was this order's paying back that ended it.</summary>
    public bool HasEndedPlan { get; init; }

    /// <summary>How often it was given back since, because a dispute was won.</summary>
    public int PlanReturns { get; init; }

    /// <summary>What was refused or is worth knowing, oldest first.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>The operation that fulfils it.</summary>
    [JsonIgnore]
    public string OperationId => $"order-{Id}";

    [JsonIgnore]
    public IncomeKind IncomeKind => Kind switch
    {
        OrderKind.Credits => IncomeKind.Packages,
        OrderKind.TopUp => IncomeKind.TopUps,
        _ => IncomeKind.Plans,
    };

    [JsonIgnore]
    public bool IsOfPlan => Kind is OrderKind.Plan or OrderKind.Upgrade or OrderKind.Renewal;

    /// <summary>What the period may be called that a plan's order paid for: a renewal that came after its plan had ended has begun one of its own. Empty for other orders.</summary>
    [JsonIgnore]
    public ImmutableArray<PaidPeriod> PaidPeriods => Kind switch
    {
        OrderKind.Plan => [new(OperationId, 1)],
        OrderKind.Upgrade => [new(Basis!.SubscriptionId!, Basis.Number)],
        OrderKind.Renewal => [new(Basis!.SubscriptionId!, Basis.Number + 1), new(OperationId, 1)],
        _ => [],
    };

    /// <summary>Charged without the payer.</summary>
    public bool IsOffSession { get; init; }

    /// <summary>Money that is not ours any more.</summary>
    [JsonIgnore]
    public long LostCents => Math.Min(Price.AmountCents, RefundedCents + Disputes.Where(dispute => !dispute.IsWon).Sum(dispute => dispute.Cents));

    [JsonIgnore]
    public long TakenBackMicro => Reversals.Sum(reversal => reversal.TakenMicro ?? 0);

    [JsonIgnore]
    public long AbsorbedMicro => Reversals.Sum(reversal => reversal.AbsorbedMicro);

    [JsonIgnore]
    public OrderStatus Status => this switch
    {
        { UndeliverableAt: not null } => LostCents == Price.AmountCents ? OrderStatus.Refunded : OrderStatus.Paid,
        { PaidAt: not null, FulfilledAt: null } => OrderStatus.Paid,
        { FulfilledAt: not null } when Disputes.Any(dispute => !dispute.IsWon) => OrderStatus.Disputed,
        { FulfilledAt: not null, LostCents: 0 } => OrderStatus.Fulfilled,
        { FulfilledAt: not null } => LostCents == Price.AmountCents ? OrderStatus.Refunded : OrderStatus.PartlyRefunded,
        { FailedAt: not null } => OrderStatus.Failed,
        { ExpiredAt: not null } => OrderStatus.Expired,
        _ => OrderStatus.Created,
    };

    /// <summary>Adds a note, once.</summary>
    public Order Noted(string note) => Notes.Contains(note, StringComparer.Ordinal) || Notes.Length >= NotesLimit ? this : this with { Notes = Notes.Add(note) };
}
