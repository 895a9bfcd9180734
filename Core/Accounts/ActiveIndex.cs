using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>Which accounts reserved something or took an idempotency key in which hour: what timers walk, instead of every account there is.</summary>
public sealed class ActiveIndex(Tables tables)
{
    /// <summary>Remembered marks; past it everything is marked anew, which costs a write and harms nothing.</summary>
    private const int MarksLimit = 100_000;

    private const string HourFormat = "yyyyMMddHH";

    // How far timers have come; these sort behind all hours.
    private const string SweptKey = "swept";
    private const string TidiedKey = "tidied";

    private readonly ConcurrentDictionary<(string Hour, string Account), bool> marked = new();

    /// <summary>Marks an account before it takes a hold or a key, once per hour and instance, so that none can exist that a timer would not find.</summary>
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
    public Task<DateTimeOffset?> ReadSweptAsync(CancellationToken cancellationToken) => ReadUntilAsync(SweptKey, cancellationToken);

    /// <summary>Whoever writes last wins: sweeping an hour again does no harm.</summary>
    public Task WriteSweptAsync(DateTimeOffset until, CancellationToken cancellationToken) => WriteUntilAsync(SweptKey, until, cancellationToken);

    /// <summary>Until when no expired idempotency key is left in any account; null when nobody has looked yet.</summary>
    public Task<DateTimeOffset?> ReadTidiedAsync(CancellationToken cancellationToken) => ReadUntilAsync(TidiedKey, cancellationToken);

    /// <inheritdoc cref="WriteSweptAsync"/>
    public Task WriteTidiedAsync(DateTimeOffset until, CancellationToken cancellationToken) => WriteUntilAsync(TidiedKey, until, cancellationToken);

    /// <summary>The hour of the oldest mark; null when there is none.</summary>
    public async Task<DateTimeOffset?> ReadOldestAsync(CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Active);
        var oldest = await client.QueryAsync<TableEntity>($"PartitionKey lt '{SweptKey}'", maxPerPage: 1, cancellationToken: cancellationToken).FirstOrDefaultAsync(cancellationToken);
        return oldest is null ? null : DateTimeOffset.ParseExact(oldest.PartitionKey, HourFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
    }

    /// <summary>Deletes marks of hours before that of <paramref name="end"/>, the oldest first, up to a limit.</summary>
    public async Task DeleteBeforeAsync(DateTimeOffset end, int limit, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Active);
        var filter = TableClient.CreateQueryFilter($"PartitionKey lt {HourOf(end)}");
        var rows = new List<TableEntity>(Deletions.RowsLimit);
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).Take(limit).WithCancellation(cancellationToken))
        {
            if (rows.Count == Deletions.RowsLimit || (rows.Count > 0 && !string.Equals(rows[0].PartitionKey, row.PartitionKey, StringComparison.Ordinal)))
            {
                await client.DeleteUnchangedAsync(rows, cancellationToken);
                rows.Clear();
            }

            rows.Add(row);
        }

        await client.DeleteUnchangedAsync(rows, cancellationToken);
    }

    private async Task<DateTimeOffset?> ReadUntilAsync(string key, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Active);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(key, key, cancellationToken: cancellationToken);
        return row.HasValue ? row.Value!.GetDateTimeOffset("Until") : null;
    }

    private async Task WriteUntilAsync(string key, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Active);
        await client.UpsertEntityAsync(new TableEntity(key, key) { ["Until"] = until }, TableUpdateMode.Replace, cancellationToken);
    }

    private static string HourOf(DateTimeOffset at) => at.UtcDateTime.ToString(HourFormat, CultureInfo.InvariantCulture);
}
