using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments.Orders;

/// <summary>What has to be looked after. The names are stored.</summary>
public enum TaskKind
{
    Order = 0,
    Code = 1,
    Transfer = 2,
    Renewal = 3,
    TopUp = 4,

    /// <summary>A code's use that was taken for an order which is to be written after it.</summary>
    CodeUse = 5,
}

/// <summary>Something that is under way, or will be due.</summary>
/// <param name="Tag">The row as it was written or read: whoever has written it anew meanwhile keeps it.</param>
public sealed record AgendaItem(string Key, TaskKind Kind, string AccountId, string Id, ETag Tag)
{
    public DateTimeOffset WrittenAt { get; init; }

    /// <summary>Due at an instant. The others are due at once, and one of those renews the tag of the other.</summary>
    public bool HasInstant => !Key.StartsWith(Agenda.AtOnce, StringComparison.Ordinal);
}

/// <summary>
/// What timers look after, soonest first, in one partition of the table <c>orders</c> for each kind. A row is written before what it speaks of, so that
/// no crash leaves anything behind that nobody finds; one that speaks of nothing is deleted by whoever finds that out.
/// </summary>
public sealed class Agenda(Tables tables, TimeProvider time)
{
    /// <summary>How the keys of items begin that are due at once.</summary>
    internal static readonly string AtOnce = Ticks(DateTimeOffset.MinValue) + "|";

    /// <summary>Items that one run of a timer takes.</summary>
    public const int ItemsLimit = 500;

    /// <summary>The same for accounts that top up by themselves: those are looked at each time, and never done.</summary>
    private const int TopUpsLimit = 20_000;

    private const int Missing = 404;

    // What an item speaks of is written after it: its writer may be about to, by another clock.
    private static readonly TimeSpan EmptyItemLife = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan InPlace = TimeSpan.FromMinutes(30);

    /// <summary>Adds an item, or renews its tag.</summary>
    /// <param name="dueAt">Null is at once.</param>
    public async Task<AgendaItem> AddAsync(TaskKind kind, string accountId, string id, DateTimeOffset? dueAt, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var key = $"{Ticks(dueAt ?? DateTimeOffset.MinValue)}|{TableKey.Escape(accountId)}|{TableKey.Escape(id)}";
        var row = new TableEntity(PartitionOf(kind), key) { ["Account"] = accountId, ["Id"] = id, ["WrittenAt"] = time.GetUtcNow() };
        var response = await client.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
        return new AgendaItem(key, kind, accountId, id, response.Headers.ETag ?? ETag.All);
    }

    public async Task<IReadOnlyList<AgendaItem>> ReadDueAsync(TaskKind kind, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {PartitionOf(kind)} and RowKey lt {Ticks(now.AddTicks(1))}");
        var items = new List<AgendaItem>();
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).Take(kind == TaskKind.TopUp ? TopUpsLimit : ItemsLimit).WithCancellation(cancellationToken))
        {
            items.Add(ToItem(kind, row));
        }

        return items;
    }

    /// <summary>All items of a kind, due or not.</summary>
    public async IAsyncEnumerable<AgendaItem> ReadEachAsync(TaskKind kind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        await foreach (var row in client.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {PartitionOf(kind)}"), cancellationToken: cancellationToken))
        {
            yield return ToItem(kind, row);
        }
    }

    /// <summary>Puts an item that cannot be finished behind all that are due now, every half hour: those that can must not wait behind those that cannot.</summary>
    public async Task PutBehindAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now - item.WrittenAt >= InPlace)
        {
            await AddAsync(item.Kind, item.AccountId, item.Id, now, cancellationToken);
            await DoneAsync(item, cancellationToken);
        }
    }

    /// <summary>Deletes an item that speaks of nothing, when its writer has had time enough.</summary>
    /// <returns>Whether this has deleted it.</returns>
    public async Task<bool> DropAsync(AgendaItem item, CancellationToken cancellationToken) =>
        item.WrittenAt + EmptyItemLife < time.GetUtcNow() && await DoneAsync(item, cancellationToken);

    /// <summary>Deletes an item, unless somebody has written it anew.</summary>
    /// <returns>Whether this has deleted it.</returns>
    public async Task<bool> DoneAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        try
        {
            return (await client.DeleteEntityAsync(PartitionOf(item.Kind), item.Key, item.Tag, cancellationToken)).Status != Missing;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            // Somebody needs it still, or has deleted it.
            return false;
        }
    }

    /// <summary>Deletes what would be looked after for an account some day: at most a few items, which nobody needs when the account is gone.</summary>
    public async Task ForgetAsync(TaskKind kind, string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {PartitionOf(kind)} and Account eq {accountId}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            await client.DeleteUnchangedAsync([row], cancellationToken);
        }
    }

    private static AgendaItem ToItem(TaskKind kind, TableEntity row) =>
        new(row.RowKey, kind, row.GetString("Account"), row.GetString("Id"), row.ETag) { WrittenAt = row.GetDateTimeOffset("WrittenAt") ?? default };

    // No account's partition has this sign.
    private static string PartitionOf(TaskKind kind) => "|" + kind.ToString();

    private static string Ticks(DateTimeOffset at) => at.UtcTicks.ToString("D19", CultureInfo.InvariantCulture);
}
