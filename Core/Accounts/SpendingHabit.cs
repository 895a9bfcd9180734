using System.Globalization;

namespace ServerlessAi.Accounts;

/// <summary>
/// What an account usually spends in a day: an average in which each further day counts a seventh, so that a week ago counts a third as much as today.
/// </summary>
/// <param name="AverageMicro">Micro-credits a day.</param>
/// <param name="Days">Days that it knows of, up to <see cref="DaysLimit"/>.</param>
public sealed record SpendingHabit(long AverageMicro, int Days)
{
    public static readonly SpendingHabit None = new(0, 0);

    private const int Weight = 7;
    private const int DaysLimit = 60;

    /// <summary>Takes a finished day in, and those between it and the one that begins, on which nothing was spent.</summary>
    /// <param name="next">The day that begins, <c>yyyyMMdd</c>.</param>
    public SpendingHabit After(DayUse finished, string next)
    {
        if (finished.Day.Length == 0)
        {
            return this;
        }

        var days = (ToDate(next).DayNumber - ToDate(finished.Day).DayNumber);
        var average = AverageMicro + (finished.ChargedMicro - AverageMicro) / Weight;
        for (var idle = 1; idle < Math.Min(days, DaysLimit); idle++)
        {
            average -= average / Weight;
        }

        return new SpendingHabit(average, Math.Min(Days + days, DaysLimit));
    }

    private static DateOnly ToDate(string day) => DateOnly.ParseExact(day, "yyyyMMdd", CultureInfo.InvariantCulture);
}
