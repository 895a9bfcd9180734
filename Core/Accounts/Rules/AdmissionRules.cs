using System.Collections.Immutable;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts.Rules;

/// <summary>A request before the rules: the account as it stands and the offer the budgets left it.</summary>
internal sealed record Admission(AccountState State, Reserve Command, Offer Offer, DateTimeOffset Now)
{
    public PlanLimits Limits { get; } = Command.Plans.LimitsOf(State.PlanId);

    public string Plan { get; } = Command.Plans.NameOf(State.PlanId);

    /// <summary>What the plan allows of the selected model's provider; null for no limit.</summary>
    public ProviderLimit? ProviderLimit => Offer.Provider is { } provider && Limits.Providers.TryGetValue(provider, out var limit) ? limit : null;

    /// <summary>Used of that provider this month, or held for it.</summary>
    public MeterUse Meter
    {
        get
        {
            var used = State.Month.Meters.GetValueOrDefault(Offer.Provider ?? "", MeterUse.None);
            var open = State.Holds.Where(hold =>
                string.Equals(hold.Provider, Offer.Provider, StringComparison.OrdinalIgnoreCase) && string.Equals(hold.Month, State.Month.Month, StringComparison.Ordinal)).ToList();
            return new MeterUse(used.Calls + open.Count, used.Tokens + open.Sum(hold => hold.Tokens));
        }
    }

    public long MonthCostNanoUsd => State.Month.CostNanoUsd + State.Month.CostHeldNanoUsd;

    public long AvailableMicro { get; } = State.AvailableMicro(Now);

    public bool UsesFreeQuota => Offer.FreeQuota && State.Day.FreeImagesUsed + State.Day.FreeImagesHeld < Limits.FreeImagesPerDay;

    public long TokensLeftToday => Math.Max(0, Limits.TokensPerDay - State.Day.TokensUsed - State.Day.TokensHeld);

    /// <summary>What is asked for, or as much of it as the plan, the day and the balance allow.</summary>
    public int OutputTokens => (int)Math.Max(
        0, Math.Min(Math.Min(Offer.OutputTokens, Limits.MaxOutputTokens), Math.Min(Math.Min(TokensLeftToday, ProviderTokensLeft) - Offer.InputTokens, Math.Min(AffordableOutputTokens, OutputTokensFor(MemberLeftMicro)))));

    private long ProviderTokensLeft => ProviderLimit?.Tokens is { } limit ? Math.Max(0, limit - Meter.Tokens) : long.MaxValue;

    /// <summary>Micro-credits that the member who asks may still spend this month; null for no cap.</summary>
    public long? MemberLeftMicro => Command.Member is { } user && State.Members.GetValueOrDefault(user) is { CapMicro: { } cap } member
        ? Math.Max(0, cap - member.UsedIn(State.Month.Month) - State.Holds.Where(hold => string.Equals(hold.Member, member.Handle, StringComparison.Ordinal)).Sum(hold => hold.HeldMicro))
        : null;

    private long AffordableOutputTokens => OutputTokensFor(AvailableMicro);

    private long OutputTokensFor(long? micro) => micro is not { } most || Offer.OutputMicroPerMillion <= 0
        ? long.MaxValue
        : (long)Math.Clamp(Math.Floor((most - Offer.FixedMicro) * (decimal)Money.TokensPerRate / Offer.OutputMicroPerMillion), 0, int.MaxValue);
}

/// <summary>Every limit a billable request must pass, in the order in which a refusal is worth the most to the caller.</summary>
internal static class AdmissionRules
{
    private static readonly ImmutableArray<Func<Admission, Refusal?>> Passing = [Pace.Spacing, Pace.RequestsPerMinute, Concurrency.ActiveJobs];

    private static readonly ImmutableArray<Func<Admission, Refusal?>> Lasting =
        [PlanUse.Model, GalleryPlaces.Left, MemberCap.Left, DailyTokens.Left, PlanUse.Calls, PlanUse.Tokens, PlanUse.Cost, Budget.HardCap, Funds.CoverTheOffer];

    public static Refusal? FirstRefusal(Admission admission) => First(Passing, admission) ?? FirstLasting(admission);

    /// <summary>Without the limits that a caller gets past by waiting a moment.</summary>
    public static Refusal? FirstLasting(Admission admission) => First(Lasting, admission);

    private static Refusal? First(ImmutableArray<Func<Admission, Refusal?>> rules, Admission admission)
    {
        foreach (var rule in rules)
        {
            if (rule(admission) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }
}
