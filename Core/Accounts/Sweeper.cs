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

    /// <summary>
    /// Ends holds whose ending storage did not take before, then reclaims expired ones of accounts that were active in the last two hours; no hold lives
    /// longer than one. In this order, so that what is known counts and not what would be assumed.
    /// </summary>
    /// <returns>Accounts in which something was reclaimed.</returns>
    public async Task<int> SweepHoldsAsync(CancellationToken cancellationToken)
    {
        await FinishUnsettledAsync(cancellationToken);
        var now = time.GetUtcNow();
        return await SweepAsync(now.AddHours(-2), now, state => state.Holds.Any(hold => hold.ExpiresAt <= now), cancellationToken);
    }

    /// <summary>Rolls the day, and on the 1st the month, of every account that was active in the last two days.</summary>
    public Task<int> ResetQuotasAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var day = Periods.DayOf(now);
        return SweepAsync(now.AddDays(-2), now, state => string.CompareOrdinal(state.Day.Day, day) < 0, cancellationToken);
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

    [LoggerMessage(LogLevel.Warning, "Unsettled operations cannot be read.")]
    private static partial void LogNotRead(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Debug, "Swept {Accounts} accounts.")]
    private static partial void LogSwept(ILogger logger, int accounts);
}
