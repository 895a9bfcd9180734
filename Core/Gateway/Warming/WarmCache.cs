using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Primitives;

namespace ServerlessAi;

/// <summary>
/// Renews popular answers shortly before they end, inside a budget of the month. Each takes the way of every request, in the name of an account of its
/// own: held, settled, audited and counted as the platform's spend, and charged to nobody. An answer must have been asked for often enough since it was
/// made to be made again. Running it late, twice or in two places at once renews nothing twice.
/// </summary>
public sealed partial class WarmCache(
    WarmRows rows, Renewals renewals, PlatformSpend spend, PlanStore plans, IOptions<CacheOptions> options, TimeProvider time, ILogger<WarmCache> logger)
{
    private const int AnswersLimit = 200;

    // The platform ends a function after five minutes, and one call may take more than three.
    private static readonly TimeSpan Begin = TimeSpan.FromMinutes(1);

    /// <returns>How many answers were renewed.</returns>
    public async Task<int> RenewAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.KeepsWarm || await spend.GetStateAsync(cancellationToken) != BudgetState.Within)
        {
            return 0;
        }

        var limits = Limits();
        var (startedAt, seen, renewed) = (time.GetTimestamp(), 0, 0);
        await foreach (var answer in rows.EndingAsync(time.GetUtcNow() + TimeSpan.FromMinutes(options.Value.WarmAheadMinutes), cancellationToken))
        {
            if (seen++ == AnswersLimit || time.GetElapsedTime(startedAt) >= Begin)
            {
                break;
            }

            switch (await RenewAsync(answer, limits, cancellationToken))
            {
                case Renewal.Done:
                    renewed++;
                    break;
                case Renewal.BudgetSpent:
                    return renewed;
            }
        }

        return renewed;
    }

    private enum Renewal
    {
        Done,
        NotWanted,
        Failed,
        BudgetSpent,
    }

    private async Task<Renewal> RenewAsync(WarmAnswer answer, PlanBook limits, CancellationToken cancellationToken)
    {
        // Whoever takes the row renews; if they do not live to do it, the answer ends as it would have.
        if (!await rows.TakeAsync(answer, cancellationToken) || answer.ExpiresAt <= time.GetUtcNow() || await rows.FindAsync(answer, cancellationToken) is not { } request)
        {
            return Renewal.NotWanted;
        }

        var served = await renewals.RunAsync(request, limits, cancellationToken);
        if (served.Succeeded)
        {
            return Renewal.Done;
        }

        // The answer that there is stays, and the next run tries again as long as it lasts.
        LogNotRenewed(logger, served.Refusal.Code);
        await rows.MarkAsync(answer.Hash, answer.ExpiresAt, cancellationToken);
        return served.Refusal.Code is RefusalCodes.UsageLimitExceeded ? Renewal.BudgetSpent : Renewal.Failed;
    }

    // Only the budget limits it: pace and quotas are for callers. Answers have the length that they have for most of them.
    private PlanBook Limits()
    {
        const string Name = "warm-cache";
        var limits = new PlanLimits
        {
            SpacingMs = 0,
            RequestsPerMinute = 0,
            ConcurrentJobs = 8,
            ModelAccess = [.. plans.LastBook.Plans.Values.SelectMany(plan => plan.ModelAccess).Distinct(StringComparer.OrdinalIgnoreCase)],
            TokensPerDay = long.MaxValue / 2,
            FreeImagesPerDay = 0,
            MonthlyCapUsd = 1_000_000,
            MaxOutputTokens = plans.LastBook.LimitsOf(planId: null).MaxOutputTokens,
            MinimumBalanceUsd = 0,
            HardCapNanoUsd = Money.FromUsd(options.Value.WarmMonthlyUsd),
        };
        limits.Complete(1);
        return new PlanBook(Name, new Dictionary<string, PlanLimits>(StringComparer.Ordinal) { [Name] = limits });
    }

    [LoggerMessage(LogLevel.Information, "A popular answer was not renewed: {Code}.")]
    private static partial void LogNotRenewed(ILogger logger, string code);
}
