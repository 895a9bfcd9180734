using Microsoft.Extensions.Logging;

namespace ServerlessAi.Accounts;

/// <summary>
/// Does early, for accounts that nobody touches, what their next command would do anyway: give back expired holds and roll periods. Running it
/// late, twice or never changes no balance.
/// </summary>
public sealed partial class Sweeper(AccountStore accounts, ActiveIndex active, TimeProvider time, ILogger<Sweeper> logger)
{
    private const int AccountsAtOnce = 8;

    /// <summary>Reclaims expired holds of accounts that were active in the last two hours; no hold lives longer than one.</summary>
    /// <returns>Accounts in which something was reclaimed.</returns>
    public Task<int> SweepHoldsAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return SweepAsync(now.AddHours(-2), now, state => state.Holds.Any(hold => hold.ExpiresAt <= now), cancellationToken);
    }

    /// <summary>Rolls the day, and on the 1st the month, of every account that was active in the last two days.</summary>
    public Task<int> ResetQuotasAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var day = Periods.DayOf(now);
        return SweepAsync(now.AddDays(-2), now, state => string.CompareOrdinal(state.Day.Day, day) < 0, cancellationToken);
    }

    private async Task<int> SweepAsync(DateTimeOffset from, DateTimeOffset to, Func<AccountState, bool> isDue, CancellationToken cancellationToken)
    {
        var swept = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = AccountsAtOnce, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForEachAsync(active.ReadAsync(from, to, cancellationToken), options, async (accountId, _) =>
        {
            var stored = await accounts.ReadStoredAsync(accountId);
            if (stored is not null && isDue(stored) && await accounts.ExecuteAsync(accountId, new Sweep()) is Swept)
            {
                Interlocked.Increment(ref swept);
            }
        });
        LogSwept(logger, swept);
        return swept;
    }

    [LoggerMessage(LogLevel.Debug, "Swept {Accounts} accounts.")]
    private static partial void LogSwept(ILogger logger, int accounts);
}
