using System.Text.Json.Serialization;

namespace ServerlessAi.Accounts.Subscriptions;

/// <summary>What was agreed on for each period of a month. A plan that changes later changes new subscriptions and renewals, not what is running.</summary>
/// <param name="PriceNanoUsd">Nano-USD for a whole period.</param>
/// <param name="CreditsMicro">Micro-credits granted at the start of a period; they expire at its end.</param>
public sealed record PlanTerms(string PlanId, long PriceNanoUsd, long CreditsMicro);

/// <summary>What a subscription needs to go on after its period. The names are stored.</summary>
public enum RenewalKind
{
    /// <summary>It ends with its period.</summary>
    None = 0,

    /// <summary>It goes on by itself, until it expires: an admin's word is enough.</summary>
    Automatic = 1,

    /// <summary>Each further period is paid for; without payment it ends some days after its period.</summary>
    Paid = 2,
}

/// <summary>A plan that an account has, period by period. Periods are months counted from the start, so that 31 January leads to 28 February and on to 31 March.</summary>
public sealed record Subscription
{
    /// <summary>How long a plan goes on when its renewal is due and not paid yet.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(3);

    /// <summary>The operation that began it.</summary>
    public required string Id { get; init; }

    public required PlanTerms Terms { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset PeriodStart { get; init; }

    /// <summary>Exclusive: at this instant the next period begins, or nothing.</summary>
    public required DateTimeOffset PeriodEnd { get; init; }

    /// <summary>When the period's credits end, where its end was brought forward after they were granted; null: with the period.</summary>
    public DateTimeOffset? CreditsUntil { get; init; }

    /// <summary>1, 2, 3, ...: which period is running.</summary>
    public int Number { get; init; } = 1;

    public RenewalKind Renewal { get; init; }

    /// <summary>It was cancelled, and ends with its period.</summary>
    public bool IsCancelled { get; init; }

    /// <summary>No period goes on beyond it; null when it has no end.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>When it ended, before its period's end or after it; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What is agreed on for the periods after this one, when it is something else.</summary>
    public PlanTerms? Next { get; init; }

    /// <summary>The most credits a month among the plans of this period: going back and forth between plans grants nothing twice.</summary>
    public long PeakCreditsMicro { get; init; }

    /// <summary>When the last of the period's credits end.</summary>
    [JsonIgnore]
    public DateTimeOffset CreditsEnd => CreditsUntil ?? PeriodEnd;

    /// <summary>Whether the next period would begin by itself or by payment.</summary>
    [JsonIgnore]
    public bool GoesOn => !IsCancelled && Renewal != RenewalKind.None && (EndsAt is null || EndsAt > PeriodEnd);

    /// <summary>When it ends, or ended; null when it goes on until somebody says otherwise.</summary>
    [JsonIgnore]
    public DateTimeOffset? Expiry => EndedAt ?? (GoesOn ? EndsAt : PeriodEnd);

    /// <summary>Its period is over, and the payment for the next has not arrived.</summary>
    public bool IsPastDue(DateTimeOffset now) => GoesOn && Renewal == RenewalKind.Paid && now >= PeriodEnd;

    /// <summary>Whether credits belong to its period, which they are known by when they end.</summary>
    internal bool HasGranted(CreditGrant grant) => grant.Kind == GrantKind.Plan && (grant.ExpiresAt == PeriodEnd || grant.ExpiresAt == CreditsUntil);

    /// <summary>The share of its period that lies after an instant, from 0 to 1.</summary>
    public decimal ShareLeft(DateTimeOffset at) =>
        at >= PeriodEnd ? 0 : at <= PeriodStart ? 1 : (decimal)(PeriodEnd - at).Ticks / (PeriodEnd - PeriodStart).Ticks;

    /// <summary>The same after further periods have begun.</summary>
    public Subscription At(int number)
    {
        var terms = Next ?? Terms;
        return this with
        {
            Number = number,
            Terms = terms,
            Next = null,
            PeakCreditsMicro = terms.CreditsMicro,
            PeriodStart = StartedAt.AddMonths(number - 1),
            PeriodEnd = EndOf(StartedAt, number, EndsAt),
            CreditsUntil = null,
        };
    }

    public static DateTimeOffset EndOf(DateTimeOffset startedAt, int number, DateTimeOffset? endsAt)
    {
        var end = startedAt.AddMonths(number);
        return endsAt < end ? endsAt.Value : end;
    }
}

/// <summary>What happened to subscriptions. The names are stored.</summary>
public enum SubscriptionEventKind
{
    Started = 0,
    Renewed = 1,
    Changed = 2,
    ChangeScheduled = 3,
    Cancelled = 4,
    Ended = 5,
    Resumed = 6,
}

/// <summary>One line of an account's billing history, the row <c>plan|inverted ticks|operationId|kind</c>.</summary>
/// <param name="GrantedMicro">Micro-credits granted with it.</param>
public sealed record SubscriptionEvent(
    SubscriptionEventKind Kind, string OperationId, DateTimeOffset At, PlanTerms Terms, DateTimeOffset PeriodStart, DateTimeOffset PeriodEnd, long GrantedMicro, string Reason)
{
    /// <summary>What was paid for it; null for nothing, and for what is from before money was counted.</summary>
    public Income? Income { get; init; }
}
