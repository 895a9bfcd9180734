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

/// <summary>Cost and calls of a month, of one instance or of all.</summary>
internal sealed record SpendSum(long CostNanoUsd, long Calls)
{
    public static readonly SpendSum None = new(0, 0);

    public static SpendSum operator +(SpendSum one, SpendSum other) => new(one.CostNanoUsd + other.CostNanoUsd, one.Calls + other.Calls);

    public static SpendSum operator -(SpendSum one, SpendSum other) => new(one.CostNanoUsd - other.CostNanoUsd, one.Calls - other.Calls);
}

/// <summary>How the platform's month stands against its budgets.</summary>
public enum BudgetState
{
    Within,
    OverSoft,
    OverHard,
}

/// <summary>
/// The platform's cost of a month: each instance adds up what its transactions recorded and writes it into a row of its own; all rows are summed
/// when read. A crash or a lost reply leaves something out; <see cref="SpendReconciler"/> puts it right from the accounts' own roll-ups, which are
/// the truth.
/// </summary>
public sealed partial class PlatformSpend(Tables tables, TimeProvider time, IIdSource ids, IOptions<BudgetOptions> options, ILogger<PlatformSpend> logger) : IFlushed
{
    private const string Reconciled = "reconciled";
    private static readonly TimeSpan ReadPatience = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    private readonly string instance = ids.NewOperationId();
    private readonly ConcurrentDictionary<string, Own> own = new(StringComparer.Ordinal);
    private volatile Others others = new("", 0, DateTimeOffset.MinValue);

    private sealed record Own(SpendSum Sum, SpendSum Flushed);

    private sealed record Others(string Month, long CostNanoUsd, DateTimeOffset GoodUntil);

    /// <summary>Takes in what a committed transaction added to a month; negative where it corrected an assumption.</summary>
    public void Add(string month, long costNanoUsd, long calls) => own.AddOrUpdate(
        month, static (_, added) => new Own(added, SpendSum.None), static (_, known, added) => known with { Sum = known.Sum + added }, new SpendSum(costNanoUsd, calls));

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

        return known.CostNanoUsd + (own.TryGetValue(month, out var mine) ? mine.Sum.CostNanoUsd : 0);
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        foreach (var (month, known) in own)
        {
            if (known.Sum == known.Flushed)
            {
                continue;
            }

            await WriteAsync(month, instance, known.Sum, cancellationToken);
            own.AddOrUpdate(month, known, (_, newer) => newer with { Flushed = known.Sum });
        }
    }

    /// <summary>What all instances have written for a month; what <see cref="CorrectAsync"/> wrote is left out.</summary>
    internal Task<SpendSum> SumInstancesAsync(string month, CancellationToken cancellationToken) => SumAsync(month, except: Reconciled, cancellationToken);

    /// <summary>What all rows of a month add up to, corrections included.</summary>
    internal Task<SpendSum> SumAllAsync(string month, CancellationToken cancellationToken) => SumAsync(month, except: null, cancellationToken);

    /// <summary>Replaces the month's one row that brings the sum of all rows to the truth.</summary>
    internal Task CorrectAsync(string month, SpendSum difference, CancellationToken cancellationToken) => WriteAsync(month, Reconciled, difference, cancellationToken);

    private async Task WriteAsync(string month, string rowKey, SpendSum sum, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Spend);
        var row = new TableEntity(month, rowKey) { ["CostNanoUsd"] = sum.CostNanoUsd, ["Calls"] = sum.Calls };
        await client.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
    }

    private async Task<Others> ReadOthersAsync(string month, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            var sum = await SumAsync(month, except: instance, cancellationToken).WaitAsync(ReadPatience, time, cancellationToken);
            return new Others(month, sum.CostNanoUsd, now + Fresh);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && StorageFaults.IsUnavailable(exception))
        {
            LogNotRead(logger, exception);
            // What was known of another month says nothing about this one.
            var known = string.Equals(others.Month, month, StringComparison.Ordinal) ? others.CostNanoUsd : 0;
            return new Others(month, known, now + Fresh);
        }
    }

    private async Task<SpendSum> SumAsync(string month, string? except, CancellationToken cancellationToken)
    {
        var sum = SpendSum.None;
        var client = await tables.GetAsync(TableNames.Spend);
        await foreach (var row in client.QueryAsync<TableEntity>($"PartitionKey eq '{month}'", select: ["RowKey", "CostNanoUsd", "Calls"], cancellationToken: cancellationToken))
        {
            if (!string.Equals(row.RowKey, except, StringComparison.Ordinal))
            {
                sum += new SpendSum(row.GetInt64("CostNanoUsd") ?? 0, row.GetInt64("Calls") ?? 0);
            }
        }

        return sum;
    }

    [LoggerMessage(LogLevel.Warning, "The platform's spend cannot be read; budgets go by what was read last.")]
    private static partial void LogNotRead(ILogger logger, Exception exception);
}
