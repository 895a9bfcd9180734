using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts.Reports;

/// <summary>
/// All accounts' month: each instance adds up what its transactions counted, in a row of its own; all rows are added when read. It goes the way of
/// <see cref="PlatformSpend"/>: a crash or a lost reply leaves seconds out, until <see cref="SpendReconciler"/> puts them right from the accounts' reports.
/// </summary>
public sealed class PlatformUse(Tables tables, IIdSource ids) : IFlushed, IDisposable
{
    private const int ModelsLimit = 1_000;
    private const string Reconciled = "reconciled";

    private readonly string instance = ids.NewOperationId();
    private readonly SemaphoreSlim flushing = new(1, 1);
    private readonly ConcurrentDictionary<string, Own> own = new(StringComparer.Ordinal);

    private sealed record Own(MonthReport Sum, MonthReport? Flushed);

    /// <summary>Takes in what a committed decision counted.</summary>
    public void Add(Decision decision)
    {
        foreach (var tally in Tally.Of(decision))
        {
            Change(tally.Month, report => report.Count(tally, ModelsLimit));
        }

        foreach (var month in Tallies.MonthsOfMoney(decision))
        {
            Change(month, report => Tallies.WithMoney(report, decision));
        }
    }

    /// <summary>One at a time: of two writes on their way, the older sum could arrive last and be taken for flushed.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await flushing.WaitAsync(cancellationToken);
        try
        {
            foreach (var (month, known) in own)
            {
                if (!ReferenceEquals(known.Sum, known.Flushed))
                {
                    await WriteAsync(month, instance, known.Sum, cancellationToken);
                    own.AddOrUpdate(month, known, (_, newer) => newer with { Flushed = known.Sum });
                }
            }
        }
        finally
        {
            flushing.Release();
        }
    }

    public void Dispose() => flushing.Dispose();

    /// <summary>All instances' rows and what reconciling added, as of at most some seconds ago.</summary>
    public Task<MonthReport> ReadAsync(string month, CancellationToken cancellationToken) => SumAsync(month, except: null, cancellationToken);

    internal Task<MonthReport> SumInstancesAsync(string month, CancellationToken cancellationToken) => SumAsync(month, except: Reconciled, cancellationToken);

    /// <summary>Replaces the month's one row that brings the sum of all rows to the truth.</summary>
    internal Task CorrectAsync(string month, MonthReport difference, CancellationToken cancellationToken) => WriteAsync(month, Reconciled, difference, cancellationToken);

    private void Change(string month, Func<MonthReport, MonthReport> change) => own.AddOrUpdate(
        month, key => new Own(change(new MonthReport(key)), Flushed: null), (_, known) => known with { Sum = change(known.Sum) });

    private async Task WriteAsync(string month, string rowKey, MonthReport report, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Spend);
        await client.UpsertEntityAsync(ReportRows.ToEntity(ReportRows.MonthKey(month), rowKey, report), TableUpdateMode.Replace, cancellationToken);
    }

    private async Task<MonthReport> SumAsync(string month, string? except, CancellationToken cancellationToken)
    {
        var sum = new MonthReport(month);
        var client = await tables.GetAsync(TableNames.Spend);
        var partition = ReportRows.MonthKey(month);
        await foreach (var row in client.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {partition}"), cancellationToken: cancellationToken))
        {
            sum = string.Equals(row.RowKey, except, StringComparison.Ordinal) ? sum : sum + ReportRows.ToMonth(row);
        }

        return sum;
    }
}
