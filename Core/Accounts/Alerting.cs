using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>The plan's limits that a hold was admitted under. Null is unlimited.</summary>
/// <param name="Plan">Whose they are.</param>
public sealed record MeterLimits(string Plan, long? Calls, long? Tokens, long? CostNanoUsd)
{
    /// <summary>Of the gallery.</summary>
    public int? Images { get; init; }

    /// <summary>Of all providers.</summary>
    public long? TokensPerDay { get; init; }
}

/// <summary>
/// Raises alerts in the decision that gives cause for them: at 80, 90 and 100 % of each limit once a month, or a day where the limit is of a day, when the balance falls to the threshold once
/// until it rises again, and when a day's spending is unusual once a day.
/// </summary>
internal static class Alerting
{
    /// <summary>Balance, available and held, at which the owner is told (mission D4).</summary>
    public const long LowBalanceMicro = 5 * Money.MicroPerCredit;

    /// <summary>A day is unusual from this many times the habit on.</summary>
    public const int UnusualTimes = 3;

    /// <summary>Nor is it unusual below so many micro-credits, whatever the habit.</summary>
    public const long UnusualMicro = 10 * Money.MicroPerCredit;

    /// <summary>Days that must be known before anything can be unusual.</summary>
    public const int HabitDays = 3;

    private static readonly int[] Levels = [80, 90, 100];

    /// <summary>After something was counted in a hold's day and month: what a limit's levels make of it.</summary>
    public static void WatchLimits(Posting posting, Hold hold)
    {
        if (hold.Limits is not { } limits)
        {
            return;
        }

        if (posting.State.Days.FirstOrDefault(use => string.Equals(use.Day, hold.Day, StringComparison.Ordinal)) is { } day)
        {
            Watch(posting, hold, "daily_tokens", "tokens", day.TokensUsed, limits.TokensPerDay, count => count, isOfDay: true);
        }

        // What ended so late that its month is no longer kept alerts nobody any more.
        if (posting.State.Months.FirstOrDefault(use => string.Equals(use.Month, hold.Month, StringComparison.Ordinal)) is not { } month)
        {
            return;
        }

        var meter = hold.Provider is { } provider ? month.Meters.GetValueOrDefault(provider, MeterUse.None) : MeterUse.None;
        Watch(posting, hold, "calls." + hold.Provider, "calls", meter.Calls, limits.Calls, count => count);
        Watch(posting, hold, "tokens." + hold.Provider, "tokens", meter.Tokens, limits.Tokens, count => count);
        Watch(posting, hold, "cost", "usd", month.CostNanoUsd, limits.CostNanoUsd, Money.ToUsd);
    }

    /// <summary>After an image joined the gallery that a hold paid for.</summary>
    public static void WatchGallery(Posting posting, Hold hold)
    {
        if (hold.Limits is { } limits && posting.State.Months.Any(month => string.Equals(month.Month, hold.Month, StringComparison.Ordinal)))
        {
            Watch(posting, hold, "gallery", "images", posting.State.Images, limits.Images, count => count);
        }
    }

    /// <summary>After credits left: a low balance, and a day on which more is spent than usual.</summary>
    public static void WatchBalance(Posting posting)
    {
        var state = posting.State;
        if (state.BalanceMicro > LowBalanceMicro)
        {
            posting.Set(state.IsLow ? state with { IsLow = false } : state);
        }
        else if (posting.HasSpent && !state.IsLow)
        {
            posting.Set(state with { IsLow = true });
            Raise(posting, new AlertRecord(AlertKind.LowBalance, state.Month.Month, "balance", state.Sequence, posting.Now)
            {
                Used = Money.ToCredits(state.BalanceMicro),
                Limit = Money.ToCredits(LowBalanceMicro),
                Unit = "credits",
            });
        }

        WatchHabit(posting);
    }

    private static void WatchHabit(Posting posting)
    {
        var (day, habit) = (posting.State.Day, posting.State.Habit);
        if (day.IsUnusual || habit.Days < HabitDays || day.ChargedMicro < UnusualMicro || day.ChargedMicro < UnusualTimes * habit.AverageMicro)
        {
            return;
        }

        posting.ChangeDay(day.Day, today => today with { IsUnusual = true });
        Raise(posting, new AlertRecord(AlertKind.UnusualSpending, day.Day, "spending", Level: 1, posting.Now)
        {
            Used = Money.ToCredits(day.ChargedMicro),
            Limit = Money.ToCredits(habit.AverageMicro),
            Unit = "credits",
        });
    }

    private static void Raise(Posting posting, AlertRecord alert)
    {
        posting.ChangeMonth(posting.State.Month.Month, month => month with { Alerts = month.Alerts + 1 });
        posting.Write(alert);
    }

    private static void Watch(Posting posting, Hold hold, string subject, string unit, long used, long? limit, Func<long, decimal> show, bool isOfDay = false)
    {
        // Of nothing everything is 100 %: who has a limit of none is refused, and knows.
        if (limit is not > 0)
        {
            return;
        }

        foreach (var level in Levels.Where(level => (Int128)used * 100 >= (Int128)limit.Value * level))
        {
            var alert = new AlertRecord(AlertKind.Limit, isOfDay ? hold.Day : hold.Month, subject, level, posting.Now) { Used = show(used), Limit = show(limit.Value), Unit = unit, Plan = hold.Limits!.Plan };
            var name = $"{alert.Plan}.{subject}-{level}";
            var isRaised = isOfDay
                ? posting.State.Days.Any(day => string.Equals(day.Day, hold.Day, StringComparison.Ordinal) && day.Alerted.Contains(name))
                : posting.State.Months.Any(month => string.Equals(month.Month, hold.Month, StringComparison.Ordinal) && month.Alerted.Contains(name));
            if (isRaised)
            {
                continue;
            }

            if (isOfDay)
            {
                posting.ChangeDay(hold.Day, day => day with { Alerted = day.Alerted.Add(name) });
            }
            else
            {
                posting.ChangeMonth(hold.Month, month => month with { Alerted = month.Alerted.Add(name) });
            }

            Raise(posting, alert);
        }
    }
}
