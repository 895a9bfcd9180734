using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>Which accounts reserved something in which hour: what sweepers walk, instead of every account there is.</summary>
public sealed class ActiveIndex(Tables tables)
{
    /// <summary>Remembered marks; past it everything is marked anew, which costs a write and harms nothing.</summary>
    private const int MarksLimit = 100_000;

    // Sorts behind all hours.
    private const string SweptKey = "swept";

    private readonly ConcurrentDictionary<(string Hour, string Account), bool> marked = new();

    /// <summary>Marks an account before it takes a hold, once per hour and instance, so that no hold can exist that a sweeper would not find.</summary>
    public async Task TouchAsync(string accountId, DateTimeOffset now)
    {
        var mark = (HourOf(now), accountId);
        if (marked.ContainsKey(mark))
        {
            return;
        }

        if (marked.Count > MarksLimit)
        {
            marked.Clear();
        }

        var client = await tables.GetAsync(TableNames.Active);
        await client.UpsertEntityAsync(new TableEntity(mark.Item1, TableKey.Escape(accountId)) { ["Account"] = accountId }, TableUpdateMode.Replace);
        marked[mark] = true;
    }

    /// <summary>Accounts marked in the hours from <paramref name="from"/> to <paramref name="to"/>, each once. One query, however many hours there are.</summary>
    public async IAsyncEnumerable<string> ReadAsync(DateTimeOffset from, DateTimeOffset to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Active);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var filter = TableClient.CreateQueryFilter($"PartitionKey ge {HourOf(from)} and PartitionKey le {HourOf(to)}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, select: ["Account"], cancellationToken: cancellationToken))
        {
            if (row.GetString("Account") is { } account && seen.Add(account))
            {
                yield return account;
            }
        }
    }

    /// <summary>Until when no expired hold is left in any account; null when nobody has looked yet.</summary>
    public async Task<DateTimeOffset?> ReadSweptAsync(CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Active);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(SweptKey, SweptKey, cancellationToken: cancellationToken);
        return row.HasValue ? row.Value!.GetDateTimeOffset("Until") : null;
    }

    /// <summary>Whoever writes last wins: sweeping an hour again does no harm.</summary>
    public async Task WriteSweptAsync(DateTimeOffset until, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Active);
        await client.UpsertEntityAsync(new TableEntity(SweptKey, SweptKey) { ["Until"] = until }, TableUpdateMode.Replace, cancellationToken);
    }

    private static string HourOf(DateTimeOffset at) => at.UtcDateTime.ToString("yyyyMMddHH", CultureInfo.InvariantCulture);
}
