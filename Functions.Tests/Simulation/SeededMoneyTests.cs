using System.Collections.Concurrent;
using System.Globalization;
using System.Linq.Expressions;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Auditing;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Simulation;

/// <summary>
/// Money stays right while a tenth of all storage requests go wrong and two instances race. The seed draws commands and faults; which of two racing
/// requests comes first is the machine's to say, so a seed that failed is worth running more than once.
/// </summary>
public sealed class SeededMoneyTests
{
    private static readonly int Seeds = int.TryParse(Environment.GetEnvironmentVariable("SIM_SEEDS"), CultureInfo.InvariantCulture, out var seeds) ? seeds : 60;
    private const int SeedsAtOnce = 2;

    [Fact]
    public async Task Every_credit_is_accounted_for_whatever_goes_wrong()
    {
        var violations = new ConcurrentQueue<string>();
        var faults = new ConcurrentDictionary<FaultKind, int>();
        await Parallel.ForEachAsync(Enumerable.Range(1, Seeds), new ParallelOptions { MaxDegreeOfParallelism = SeedsAtOnce }, async (seed, _) =>
        {
            var run = new MoneyRun(seed);
            try
            {
                await run.RunAsync();
                foreach (var violation in await AuditAsync(run))
                {
                    violations.Enqueue($"seed {seed}: {violation}");
                }
            }
            catch (Exception exception)
            {
                // Whatever it is, the seed belongs to it; the test fails with both.
                violations.Enqueue($"seed {seed}: {exception}");
            }

            foreach (var (kind, count) in run.Faults.Count)
            {
                faults.AddOrUpdate(kind, count, (_, sum) => sum + count);
            }
        });

        Assert.True(violations.IsEmpty, string.Join(Environment.NewLine, violations.Order(StringComparer.Ordinal)));
        Assert.All(
            [FaultKind.Busy503, FaultKind.Error500, FaultKind.Timeout, FaultKind.ReplyLost, FaultKind.LateApplied],
            kind => Assert.InRange(faults.GetValueOrDefault(kind), Seeds / 2, int.MaxValue));
    }

    private static async Task<IReadOnlyList<string>> AuditAsync(MoneyRun run)
    {
        var table = run.Storage.Tables().GetTableClient(TableNames.Accounts);
        var violations = new List<string>();
        foreach (var accountId in run.AccountIds)
        {
            violations.AddRange(await MoneyAudit.CheckAsync(table, accountId, run.Answers));
            // The app's own proof must agree that nothing is wrong.
            violations.AddRange((await Auditor.ProveAsync(table, accountId, TimeProvider.System, CancellationToken.None)).Problems);
        }

        foreach (var month in new[] { "204005", "204006" })
        {
            var spent = await SumAsync(run, TableNames.Spend, row => row.PartitionKey == month);
            var recorded = await SumAsync(run, TableNames.Accounts, row => row.RowKey == AccountRows.MonthKey(month));
            if (spent != recorded)
            {
                violations.Add($"violated: spend of {month} is {spent}, and accounts recorded {recorded}");
            }
        }

        return violations;
    }

    private static async Task<long> SumAsync(MoneyRun run, string tableName, Expression<Func<TableEntity, bool>> filter)
    {
        var rows = await run.Storage.Tables().GetTableClient(tableName).QueryAsync(filter).ToListAsync();
        return rows.Sum(row => row.GetInt64("CostNanoUsd") ?? 0);
    }
}
