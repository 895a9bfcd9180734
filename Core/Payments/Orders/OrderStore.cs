using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments.Orders;

/// <param name="Next">Leads to the page after it; null on the last one.</param>
public sealed record OrderPage(IReadOnlyList<Order> Orders, string? Next);

/// <summary>
/// Orders in the table <c>orders</c>: the account's partition, one row each, found by id, and beside it <c>recent|inverted ticks|id</c>, by which they are
/// listed; both are written in one transaction. A change is conditional on the row as read, and repeated until it fits.
/// </summary>
public sealed class OrderStore(Tables tables, TimeProvider time, IIdSource ids)
{
    /// <summary>Orders of a page at most.</summary>
    public const int PageLimit = 100;

    private const string Body = "Body";
    private const string KeyPrefix = "order|";
    private const string KeysEnd = "order}";
    private const string RecentPrefix = "recent|";
    private const string RecentEnd = "recent}";
    private const string Id = "Id";
    private const int ReadAtOnce = 10;
    private const int Attempts = 30;

    /// <returns>Null when the account has no such order.</returns>
    public async Task<Order?> FindAsync(string accountId, string id, CancellationToken cancellationToken) =>
        TableKey.Fits(accountId) && TableKey.Fits(id) && await ReadAsync(accountId, id, cancellationToken) is { } row ? ToOrder(row) : null;

    /// <summary>Writes a new order; one that is there already stays, and is returned.</summary>
    public async Task<Order> AddAsync(Order order, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        try
        {
            var recent = new TableEntity(TableKey.Escape(order.AccountId), RecentKey(order)) { [Id] = order.Id };
            await client.SubmitTransactionAsync([new(TableTransactionActionType.Add, ToRow(order)), new(TableTransactionActionType.Add, recent)], cancellationToken);
            return order;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
        {
            return ToOrder((await ReadAsync(order.AccountId, order.Id, cancellationToken))!);
        }
    }

    /// <param name="change">Makes the next order from the present one; the same instance writes nothing. It may be asked several times.</param>
    /// <returns>The order as it is then.</returns>
    /// <exception cref="TimeoutException">Too many others change it at the same moment.</exception>
    public async Task<Order> ChangeAsync(string accountId, string id, Func<Order, Order> change, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var row = await ReadAsync(accountId, id, cancellationToken) ?? throw new InvalidDataException("An order has gone.");
            var (present, tag) = (ToOrder(row), row.ETag);
            var next = change(present);
            if (ReferenceEquals(next, present))
            {
                return present;
            }

            try
            {
                await client.UpdateEntityAsync(ToRow(next), tag, TableUpdateMode.Replace, cancellationToken);
                return next;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(ids.NextJitter() * 10 * (attempt + 1)), time, cancellationToken);
            }
        }

        throw new TimeoutException("The order is changed by too many at once.");
    }

    /// <summary>An account's orders, newest first.</summary>
    /// <param name="after">What the page before gave as the next; null for the first page.</param>
    /// <param name="limit">1 to <see cref="PageLimit"/>.</param>
    public async Task<OrderPage> ReadPageAsync(string accountId, string? after, int limit, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var (partition, from) = (TableKey.Escape(accountId), RecentPrefix + after);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey gt {from} and RowKey lt {RecentEnd}");
        var rows = await client.QueryAsync<TableEntity>(filter, maxPerPage: limit + 1, cancellationToken: cancellationToken).Take(limit + 1).ToListAsync(cancellationToken);
        var page = new Order[Math.Min(rows.Count, limit)];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, page.Length),
            new ParallelOptions { MaxDegreeOfParallelism = ReadAtOnce, CancellationToken = cancellationToken },
            async (i, stop) => page[i] = await FindAsync(accountId, rows[i].GetString(Id), stop) ?? throw new InvalidDataException("An order has gone."));
        return new OrderPage(page, rows.Count > limit ? rows[limit - 1].RowKey[RecentPrefix.Length..] : null);
    }

    /// <summary>All orders of an account, in the order of their ids.</summary>
    public async IAsyncEnumerable<Order> ReadEachAsync(string accountId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var partition = TableKey.Escape(accountId);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey ge {KeyPrefix} and RowKey lt {KeysEnd}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            yield return ToOrder(row);
        }
    }

    private async Task<TableEntity?> ReadAsync(string accountId, string id, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(TableKey.Escape(accountId), KeyPrefix + TableKey.Escape(id), cancellationToken: cancellationToken);
        return row.HasValue ? row.Value : null;
    }

    private static string RecentKey(Order order) => $"{RecentPrefix}{TableKey.Inverted(order.CreatedAt)}|{TableKey.Escape(order.Id)}";

    private static TableEntity ToRow(Order order)
    {
        var row = new TableEntity(TableKey.Escape(order.AccountId), KeyPrefix + TableKey.Escape(order.Id));
        LongText.Write(row, Body, StoredJson.Write(order));
        return row;
    }

    private static Order ToOrder(TableEntity row) => StoredJson.Read<Order>(LongText.Read(row, Body));
}
