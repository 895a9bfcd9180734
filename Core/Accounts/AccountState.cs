using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;
using ServerlessAi.Accounts.Subscriptions;

namespace ServerlessAi.Accounts;

/// <summary>The row <c>account</c>: everything a decision needs, and nothing that a roll-up or a log keeps.</summary>
public sealed record AccountState
{
    public required string AccountId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Number of the newest ledger entry; entries are numbered 1..Sequence without gaps.</summary>
    public long Sequence { get; init; }

    /// <summary>Plan id, as its subscription says; null means the default plan.</summary>
    public string? PlanId { get; init; }

    /// <summary>The plan it has beyond the default one; null for none.</summary>
    public Subscription? Subscription { get; init; }

    /// <summary>The subscription that ended last; until its period is over, what it granted counts.</summary>
    public Subscription? Lapsed { get; init; }

    /// <summary>When its user asked to be forgotten; null while the account is open.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>Its numbers stand under another name, and count there.</summary>
    public bool IsErased { get; init; }

    /// <summary>When an earlier account of this name was deleted; null when there was none.</summary>
    public DateTimeOffset? ForgottenAt { get; init; }

    /// <summary>What a shared account is called; null for an account of one user.</summary>
    public string? Name { get; init; }

    /// <summary>A team whose founder was forgotten, and has not come back: nothing that it buys by itself is paid for any more.</summary>
    public bool IsFounderless { get; init; }

    /// <summary>When the founder of a team was forgotten last; null when none was.</summary>
    public DateTimeOffset? FounderForgottenAt { get; init; }

    /// <summary>Who may spend from it besides its owner, by name, and by a digest who no longer may; empty for an account of one user.</summary>
    public ImmutableSortedDictionary<string, Member> Members { get; init; } = ImmutableSortedDictionary.Create<string, Member>(StringComparer.Ordinal);

    /// <summary>What a day's charges usually are.</summary>
    public SpendingHabit Habit { get; init; } = SpendingHabit.None;

    /// <summary>An alert about the low balance was raised, and it has not been higher since.</summary>
    public bool IsLow { get; init; }

    public ImmutableArray<CreditGrant> Grants { get; init; } = [];

    /// <summary>Open holds only; the ended ones live in their own rows.</summary>
    public ImmutableArray<Hold> Holds { get; init; } = [];

    /// <summary>Newest first: today, the day before, and further days as long as an open hold was reserved in them.</summary>
    public ImmutableArray<DayUse> Days { get; init; } = [];

    /// <summary>Newest first: this month, the one before, and further ones as long as an open hold was reserved in them.</summary>
    public ImmutableArray<MonthUse> Months { get; init; } = [];

    public RateUse Rate { get; init; } = new();

    /// <summary>Images of the gallery: as many as there are rows of them, whose coming and going is decided with this.</summary>
    public int Images { get; init; }

    [JsonIgnore]
    public DayUse Day => Days.IsEmpty ? DayUse.None : Days[0];

    [JsonIgnore]
    public MonthUse Month => Months.IsEmpty ? MonthUse.None : Months[0];

    [JsonIgnore]
    public long HeldMicro => Holds.Sum(hold => hold.HeldMicro);

    /// <summary>Everything the account owns: free to take, held, or not yet effective. Equals the sum of the ledger.</summary>
    [JsonIgnore]
    public long BalanceMicro => Grants.Sum(grant => grant.RemainingMicro) + HeldMicro;

    public long AvailableMicro(DateTimeOffset now) => Grants.Where(grant => grant.CanBurn(now)).Sum(grant => grant.RemainingMicro);

    public long PaidMicro(DateTimeOffset now) =>
        Grants.Where(grant => grant.CanBurn(now) && grant.Kind == GrantKind.Purchase).Sum(grant => grant.RemainingMicro);

    /// <summary>Whether what a team's founder began at an instant is nobody's any more.</summary>
    public bool HasLostFounderSince(DateTimeOffset? begun) => IsFounderless || begun <= FounderForgottenAt;

    /// <param name="forgottenAt">When an earlier account of this name was deleted; null when there was none.</param>
    public static AccountState Open(string accountId, DateTimeOffset now, DateTimeOffset? forgottenAt = null) => new() { AccountId = accountId, CreatedAt = now, ForgottenAt = forgottenAt };
}

/// <summary>Period names, always of UTC.</summary>
public static class Periods
{
    public static string DayOf(DateTimeOffset at) => at.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    public static string MonthOf(DateTimeOffset at) => at.UtcDateTime.ToString("yyyyMM", CultureInfo.InvariantCulture);

    public static DateTimeOffset EndOfMonth(DateTimeOffset at) => new(new DateTime(at.UtcDateTime.Year, at.UtcDateTime.Month, 1, 0, 0, 0, DateTimeKind.Utc).AddMonths(1), TimeSpan.Zero);

    public static DateTimeOffset EndOfDay(DateTimeOffset at) => new(at.UtcDateTime.Date.AddDays(1), TimeSpan.Zero);
}

/// <summary>What one day used; the row <c>day|yyyyMMdd</c> repeats it.</summary>
public sealed record DayUse(string Day)
{
    public static readonly DayUse None = new("");

    public int FreeImagesUsed { get; init; }

    public int FreeImagesHeld { get; init; }

    public long TokensUsed { get; init; }

    public long TokensHeld { get; init; }

    public int Calls { get; init; }

    public int Failures { get; init; }

    public int Images { get; init; }

    public long ChargedMicro { get; init; }

    public long CostNanoUsd { get; init; }

    /// <summary>The part of <see cref="CostNanoUsd"/> that is only assumed.</summary>
    public long UncertainCostNanoUsd { get; init; }

    /// <summary>An alert about unusual spending was raised.</summary>
    public bool IsUnusual { get; init; }

    /// <summary>As <see cref="MonthUse.Alerted"/>, of limits that a day has.</summary>
    public ImmutableSortedSet<string> Alerted { get; init; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
}

/// <summary>What one month used; the row <c>month|yyyyMM</c> repeats it.</summary>
public sealed record MonthUse(string Month)
{
    public static readonly MonthUse None = new("");

    public int Calls { get; init; }

    public int Failures { get; init; }

    public int Images { get; init; }

    public int Downgrades { get; init; }

    /// <summary>Alerts raised while it was the month that ran.</summary>
    public int Alerts { get; init; }

    public long Tokens { get; init; }

    public long ChargedMicro { get; init; }

    public long CostNanoUsd { get; init; }

    /// <summary>The part of <see cref="CostNanoUsd"/> that is only assumed.</summary>
    public long UncertainCostNanoUsd { get; init; }

    public long CostHeldNanoUsd { get; init; }

    /// <summary>By who served.</summary>
    public ImmutableSortedDictionary<string, ProviderUse> Providers { get; init; } =
        ImmutableSortedDictionary.Create<string, ProviderUse>(StringComparer.Ordinal);

    /// <summary>By whose model was selected, which is what the plan's limits count.</summary>
    public ImmutableSortedDictionary<string, MeterUse> Meters { get; init; } =
        ImmutableSortedDictionary.Create<string, MeterUse>(StringComparer.Ordinal);

    /// <summary>Subjects and levels of the alerts that were raised: <c>basic.calls.gemini-80</c>.</summary>
    public ImmutableSortedSet<string> Alerted { get; init; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
}

/// <summary>What counts against a plan's limits of one provider.</summary>
public sealed record MeterUse(long Calls, long Tokens)
{
    public static readonly MeterUse None = new(0, 0);
}

/// <summary>One provider's share of a month: what its answers cost, nothing assumed.</summary>
public sealed record ProviderUse(int Calls, long Tokens, long CostNanoUsd);

/// <summary>One who spends from a shared account.</summary>
/// <param name="Handle">What holds call them: their name stands here alone, and nowhere when they are forgotten.</param>
/// <param name="CapMicro">Micro-credits a month that they may spend; null for as many as there are.</param>
/// <param name="Month">The month that <paramref name="UsedMicro"/> counts.</param>
public sealed record Member(string Handle, long? CapMicro, bool IsOwner, DateTimeOffset JoinedAt, string Month, long UsedMicro)
{
    public DateTimeOffset? LeftAt { get; init; }

    public long UsedIn(string month) => string.Equals(Month, month, StringComparison.Ordinal) ? UsedMicro : 0;

    /// <summary>Months only go forward: what ends later in an earlier one is no longer capped.</summary>
    public Member Using(string month, long micro) => string.CompareOrdinal(month, Month) < 0 ? this : this with { Month = month, UsedMicro = UsedIn(month) + micro };
}

/// <summary>When requests were last admitted, for spacing and for the requests-a-minute window.</summary>
public sealed record RateUse
{
    public DateTimeOffset? LastAdmittedAt { get; init; }

    /// <summary>Whole minutes since the Unix epoch that <see cref="Count"/> counts.</summary>
    public long Minute { get; init; }

    public int Count { get; init; }

    public int PreviousCount { get; init; }

    /// <summary>Batches that have begun lately, newest first: what else belongs to them is no start of its own.</summary>
    public ImmutableArray<string> Batches { get; init; } = [];
}
