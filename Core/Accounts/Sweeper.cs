using Microsoft.Extensions.Logging;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// Does early, for accounts that nobody touches, what their next command would do anyway: give back expired holds and roll periods. Running it
/// late, twice or never changes no balance.
/// </summary>
public sealed partial class Sweeper(AccountStore accounts, ActiveIndex active, Unsettled unsettled, TimeProvider time, ILogger<Sweeper> logger)
{
    private const int AccountsAtOnce = 8;

    // No hold lives longer than an hour, and no clock is wrong by one.
    private static readonly TimeSpan LongestLife = TimeSpan.FromHours(2);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromDays(62);

    /// <summary>
    /// Ends holds whose ending storage did not take before, then reclaims expired ones of all accounts that were active since the last sweep that reached
    /// every account, be it a minute or a month ago. In this order, so that what is known counts and not what would be assumed.
    /// </summary>
    /// <returns>Accounts in which something was reclaimed.</returns>
    public async Task<int> SweepHoldsAsync(CancellationToken cancellationToken)
    {
        await FinishUnsettledAsync(cancellationToken);
        var now = time.GetUtcNow();
        var swept = await active.ReadSweptAsync(cancellationToken) ?? now - LongestSleep;
        var until = now - LongestLife;
        var (count, isComplete) = await SweepAsync(swept < until ? swept : until, now, state => state.Holds.Any(hold => hold.ExpiresAt <= now), cancellationToken);
        if (isComplete && until - swept > TimeSpan.FromHours(1))
        {
            await active.WriteSweptAsync(until, cancellationToken);
        }

        return count;
    }

    /// <summary>Rolls the day, and on the 1st the month, of every account that was active in the last two days.</summary>
    public async Task<int> ResetQuotasAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var day = Periods.DayOf(now);
        return (await SweepAsync(now.AddDays(-2), now, state => string.CompareOrdinal(state.Day.Day, day) < 0, cancellationToken)).Count;
    }

    private async Task FinishUnsettledAsync(CancellationToken cancellationToken)
    {
        try
        {
            await unsettled.FinishAllAsync(cancellationToken);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception) && !cancellationToken.IsCancellationRequested)
        {
            // Another table than the accounts': expired holds can be given back all the same.
            LogNotRead(logger, exception);
        }
    }

    private async Task<(int Count, bool IsComplete)> SweepAsync(DateTimeOffset from, DateTimeOffset to, Func<AccountState, bool> isDue, CancellationToken cancellationToken)
    {
        var (swept, missed) = (0, 0);
        var options = new ParallelOptions { MaxDegreeOfParallelism = AccountsAtOnce, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForEachAsync(active.ReadAsync(from, to, cancellationToken), options, async (accountId, _) =>
        {
            var stored = await accounts.ReadStoredAsync(accountId);
            if (stored is null || !isDue(stored))
            {
                return;
            }

            if (await accounts.ExecuteAsync(accountId, new Sweep()) is Swept)
            {
                Interlocked.Increment(ref swept);
            }
            else
            {
                Interlocked.Increment(ref missed);
            }
        });
        LogSwept(logger, swept);
        return (swept, missed == 0);
    }

    [LoggerMessage(LogLevel.Warning, "Unsettled operations cannot be read.")]
    private static partial void LogNotRead(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Debug, "Swept {Accounts} accounts.")]
    private static partial void LogSwept(ILogger logger, int accounts);
}
