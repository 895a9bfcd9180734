using System.Collections.Immutable;
using System.Globalization;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Reporting;

/// <param name="Date"><c>yyyy-MM-dd</c>, UTC.</param>
/// <param name="CacheHits">Answers from the cache, which are no calls and cost nothing.</param>
public sealed record AnalyticsDay(string Date, int Calls, int Failures, long Tokens, int Images, decimal Credits, decimal CostUsd, long CacheHits);

/// <param name="CreditsPerDay">Over the days the account has existed, 30 at most.</param>
public sealed record AnalyticsAverages(decimal CallsPerDay, decimal CreditsPerDay, decimal CreditsPerCall, decimal TokensPerCall);

/// <summary>How long the balance lasts at the pace of the last 30 days, credits that expire before they are reached left out.</summary>
/// <param name="Days">Absent when nothing is spent.</param>
public sealed record Runway(decimal Credits, decimal CreditsPerDay, decimal? Days, string? EmptyOn);

/// <summary>Thirty days of an account, today the last (mission D8, C9).</summary>
/// <param name="Generations">Images made this month.</param>
/// <param name="MonthlySpendUsd">What this month's calls cost.</param>
/// <param name="CacheHitRate">Hits among all answers of the 30 days, 0 to 1.</param>
/// <param name="Models">Of this month, the dearest first.</param>
public sealed record AnalyticsReport(
    string From, string To, int Generations, decimal MonthlySpendUsd, int Calls, decimal Credits, long CacheHits, decimal CacheHitRate, AnalyticsAverages Averages, Runway Runway,
    ImmutableArray<AnalyticsDay> Days, ImmutableArray<ModelPart> Models);

/// <summary>Makes analytics from days, hits and the month's report: some 65 rows at most.</summary>
public sealed class Analytics(AccountStore accounts, RollUps rollUps, TimeProvider time)
{
    private const int DaysShown = 30;

    public async Task<AnalyticsReport> ReadAsync(string accountId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var start = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(1 - DaysShown);
        var (first, last) = (Periods.DayOf(start), Periods.DayOf(now));
        var (state, used) = (accounts.ReadAsync(accountId, now), rollUps.ReadDaysAsync(accountId, first, last, cancellationToken));
        var (hits, report) = (rollUps.ReadHitsAsync(accountId, first, last, cancellationToken), rollUps.ReadReportAsync(accountId, Periods.MonthOf(now), cancellationToken));
        await Task.WhenAll(state, used, hits, report);
        var uses = (await used).ToDictionary(day => day.Day, StringComparer.Ordinal);
        var hitsOf = await hits;
        var days = Enumerable.Range(0, DaysShown)
            .Select(i => start.AddDays(i))
            .Select(at => Day(at, uses.GetValueOrDefault(Periods.DayOf(at)) ?? DayUse.None, hitsOf.GetValueOrDefault(Periods.DayOf(at))))
            .ToImmutableArray();
        return Make(await state, days, ModelPart.Of(await report), now);
    }

    private static AnalyticsReport Make(AccountState account, ImmutableArray<AnalyticsDay> days, ImmutableArray<ModelPart> models, DateTimeOffset now)
    {
        var (calls, credits, hits) = (days.Sum(day => day.Calls), days.Sum(day => day.Credits), days.Sum(day => day.CacheHits));
        var known = Math.Clamp((now.UtcDateTime.Date - account.CreatedAt.UtcDateTime.Date).Days + 1, 1, DaysShown);
        var averages = new AnalyticsAverages(
            Each(calls, known), Each(credits, known), Each(credits, calls), Each(days.Sum(day => day.Tokens), calls));
        var balance = Money.ToCredits(account.AvailableMicro(now));
        decimal? left = credits > 0 ? decimal.Round(Last(account, credits / known, now), 1) : null;
        var month = account.Months.FirstOrDefault(use => string.Equals(use.Month, Periods.MonthOf(now), StringComparison.Ordinal)) ?? MonthUse.None;
        return new AnalyticsReport(
            days[0].Date, days[^1].Date, month.Images, Money.ToUsd(month.CostNanoUsd), calls, credits, hits, Rates.Of(hits, hits + calls), averages,
            new Runway(balance, averages.CreditsPerDay, left, left is { } more and < 36_500 ? Date(now.AddDays((double)more)) : null), days, models);
    }

    /// <summary>Days, one grant after the other in the order they burn in.</summary>
    private static decimal Last(AccountState account, decimal creditsPerDay, DateTimeOffset now)
    {
        var days = 0m;
        foreach (var grant in Burn.InOrder(account.Grants.Where(grant => grant.CanBurn(now))))
        {
            var whole = Money.ToCredits(grant.RemainingMicro) / creditsPerDay;
            var untilExpiry = grant.ExpiresAt is { } end ? Math.Max(0, (end - now).Ticks / (decimal)TimeSpan.TicksPerDay - days) : whole;
            days += Math.Min(whole, untilExpiry);
        }

        return days;
    }

    private static AnalyticsDay Day(DateTimeOffset at, DayUse day, long hits) =>
        new(Date(at), day.Calls, day.Failures, day.TokensUsed, day.Images, Money.ToCredits(day.ChargedMicro), Money.ToUsd(day.CostNanoUsd), hits);

    private static string Date(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static decimal Each(decimal sum, decimal count) => count == 0 ? 0 : decimal.Round(sum / count, 4);
}
