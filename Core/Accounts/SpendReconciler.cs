using Microsoft.Extensions.Logging;
using ServerlessAi.Accounts.Reports;

namespace ServerlessAi.Accounts;

/// <summary>
/// Brings the platform's spend of a month to what the accounts recorded. The instances' rows are read first, the accounts after them, and the difference
/// goes into one row that each run replaces. A cost that an instance had not written yet when its row was read, but that its account shows, counts twice
/// until the next run. None is left out: what is recorded after its account was read is in no row yet that was summed, and its instance adds it.
/// (Only a correction that lowers an assumed cost counts twice in the other direction, for as long.) Running it late, twice or in two places at once is
/// harmless: each run writes a difference that was right when it was taken, and none builds on an earlier one's.
/// </summary>
public sealed partial class SpendReconciler(AccountStore accounts, ActiveIndex active, PlatformSpend spend, PlatformUse use, TimeProvider time, ILogger<SpendReconciler> logger)
{
    private const int AccountsAtOnce = 16;

    // An instance whose clock lags marks an account in the last hour of the month before.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    /// <summary>Reconciles this month and, on its first day, the one before, in which requests of before midnight may still have ended.</summary>
    /// <exception cref="Exception">What <see cref="Storage.StorageFaults.IsAny"/> knows; then nothing is written: half the accounts are not the truth.</exception>
    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var start = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        await spend.FlushAsync(cancellationToken);
        await use.FlushAsync(cancellationToken);
        if (now.Day == 1)
        {
            await ReconcileAsync(start.AddMonths(-1), start, cancellationToken);
        }

        await ReconcileAsync(start, now, cancellationToken);
    }

    private async Task ReconcileAsync(DateTimeOffset start, DateTimeOffset end, CancellationToken cancellationToken)
    {
        var month = Periods.MonthOf(start);
        var reported = await spend.SumInstancesAsync(month, cancellationToken);
        var counted = await use.SumInstancesAsync(month, cancellationToken);
        var (recorded, reports) = await SumAccountsAsync(month, start - ClockSkew, end + ClockSkew, cancellationToken);
        await spend.CorrectAsync(month, recorded - reported, cancellationToken);
        await use.CorrectAsync(month, reports - counted, cancellationToken);
        LogReconciled(logger, month, recorded.CostNanoUsd, reported.CostNanoUsd);
    }

    private async Task<(SpendSum Spend, MonthReport Reports)> SumAccountsAsync(string month, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        long cost = 0, calls = 0;
        var (reports, gate) = (new MonthReport(month), new Lock());
        var options = new ParallelOptions { MaxDegreeOfParallelism = AccountsAtOnce, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForEachAsync(active.ReadAsync(from, to, cancellationToken), options, async (accountId, token) =>
        {
            var sum = await accounts.ReadSpendAsync(accountId, month, token);
            Interlocked.Add(ref cost, sum.CostNanoUsd);
            Interlocked.Add(ref calls, sum.Calls);
            if (await accounts.ReadReportAsync(accountId, month) is { } report)
            {
                lock (gate)
                {
                    reports += report;
                }
            }
        });
        return (new SpendSum(cost, calls), reports);
    }

    [LoggerMessage(LogLevel.Information, "Spend of {Month}: accounts recorded {RecordedNanoUsd}, instances reported {ReportedNanoUsd} nano-USD.")]
    private static partial void LogReconciled(ILogger logger, string month, long recordedNanoUsd, long reportedNanoUsd);
}
