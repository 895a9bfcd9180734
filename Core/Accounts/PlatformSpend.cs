using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>What the whole installation may spend on providers in a month.</summary>
public sealed class BudgetOptions
{
    public const string Section = "Budget";

    /// <summary>From here on the standard tier serves everybody, USD; null for no such budget.</summary>
    [Range(typeof(decimal), "0", "100000000", ParseLimitsInInvariantCulture = true)]
    public decimal? MonthlyUsd { get; set; }

    /// <summary>From here on nothing billable is served, USD; null for no such budget.</summary>
    [Range(typeof(decimal), "0", "100000000", ParseLimitsInInvariantCulture = true)]
    public decimal? HardUsd { get; set; }
}

/// <summary>How the platform's month stands against its budgets.</summary>
public enum BudgetState
{
    Within,
    OverSoft,
    OverHard,
}

/// <summary>
/// The platform's cost of a month: each instance writes a row of its own and all are summed when read. A crash may leave out the last seconds
/// of one instance; the accounts' own roll-ups hold the truth.
/// </summary>
public sealed partial class PlatformSpend(Tables tables, TimeProvider time, IIdSource ids, IOptions<BudgetOptions> options, ILogger<PlatformSpend> logger) : IFlushed
{
    private static readonly TimeSpan ReadPatience = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    private readonly string instance = ids.NewOperationId();
    private readonly ConcurrentDictionary<string, Own> own = new(StringComparer.Ordinal);
    private volatile Others others = new("", 0, DateTimeOffset.MinValue);

    private sealed record Own(long CostNanoUsd, long Calls, long FlushedCalls);

    private sealed record Others(string Month, long CostNanoUsd, DateTimeOffset GoodUntil);

    public void Add(string month, long costNanoUsd) => own.AddOrUpdate(
        month, static (_, cost) => new Own(cost, 1, 0), static (_, sum, cost) => sum with { CostNanoUsd = sum.CostNanoUsd + cost, Calls = sum.Calls + 1 }, costNanoUsd);

    public async ValueTask<BudgetState> GetStateAsync(CancellationToken cancellationToken)
    {
        var (soft, hard) = (options.Value.MonthlyUsd, options.Value.HardUsd);
        if (soft is null && hard is null)
        {
            return BudgetState.Within;
        }

        var spentUsd = Money.ToUsd(await ReadMonthAsync(cancellationToken));
        return spentUsd >= hard ? BudgetState.OverHard : spentUsd >= soft ? BudgetState.OverSoft : BudgetState.Within;
    }

    /// <summary>Nano-USD spent this month by all instances, as of at most ten seconds ago.</summary>
    public async ValueTask<long> ReadMonthAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var month = Periods.MonthOf(now);
        var known = others;
        if (now >= known.GoodUntil || !string.Equals(month, known.Month, StringComparison.Ordinal))
        {
            known = await ReadOthersAsync(month, now, cancellationToken);
            others = known;
        }

        return known.CostNanoUsd + (own.TryGetValue(month, out var mine) ? mine.CostNanoUsd : 0);
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        foreach (var (month, sum) in own)
        {
            if (sum.Calls == sum.FlushedCalls)
            {
                continue;
            }

            var client = await tables.GetAsync(TableNames.Spend);
            var row = new TableEntity(month, instance) { ["CostNanoUsd"] = sum.CostNanoUsd, ["Calls"] = sum.Calls };
            await client.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
            own.AddOrUpdate(month, sum, (_, newer) => newer with { FlushedCalls = sum.Calls });
        }
    }

    private async Task<Others> ReadOthersAsync(string month, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            var sum = await SumOthersAsync(month, cancellationToken).WaitAsync(ReadPatience, time, cancellationToken);
            return new Others(month, sum, now + Fresh);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && StorageFaults.IsUnavailable(exception))
        {
            LogNotRead(logger, exception);
            return others with { Month = month, GoodUntil = now + Fresh };
        }
    }

    private async Task<long> SumOthersAsync(string month, CancellationToken cancellationToken)
    {
        var sum = 0L;
        var client = await tables.GetAsync(TableNames.Spend);
        await foreach (var row in client.QueryAsync<TableEntity>($"PartitionKey eq '{month}'", select: ["RowKey", "CostNanoUsd"], cancellationToken: cancellationToken))
        {
            if (!string.Equals(row.RowKey, instance, StringComparison.Ordinal))
            {
                sum += row.GetInt64("CostNanoUsd") ?? 0;
            }
        }

        return sum;
    }

    [LoggerMessage(LogLevel.Warning, "The platform's spend cannot be read; budgets go by what was read last.")]
    private static partial void LogNotRead(ILogger logger, Exception exception);
}
