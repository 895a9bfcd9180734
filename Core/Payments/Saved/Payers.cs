using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments.Saved;

/// <summary>Payers, one row in the account's partition of the table <c>orders</c>. A change is conditional on the row as read, and repeated until it fits.</summary>
public sealed class Payers(Tables tables, TimeProvider time, IIdSource ids)
{
    private const string RowKey = "payer";
    private const string Body = "Body";
    private const int Attempts = 30;

    public async Task<Payer> ReadAsync(string accountId, CancellationToken cancellationToken) => (await ReadRowAsync(accountId, cancellationToken)).Payer;

    /// <returns>Null when nothing is kept.</returns>
    public async Task<Payer?> FindAsync(string accountId, CancellationToken cancellationToken) => await ReadRowAsync(accountId, cancellationToken) is { Tag: not null } found ? found.Payer : null;

    /// <param name="change">Makes the next from the present; the same instance writes nothing, and so does null, which is answered with null.</param>
    /// <exception cref="TimeoutException">Too many others change it at the same moment.</exception>
    public async Task<Payer?> ChangeAsync(string accountId, Func<Payer, Payer?> change, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var (present, tag) = await ReadRowAsync(accountId, cancellationToken);
            var next = change(present);
            if (next is null || ReferenceEquals(next, present))
            {
                return next;
            }

            var row = new TableEntity(TableKey.Escape(accountId), RowKey) { [Body] = StoredJson.Write(next) };
            try
            {
                _ = tag is { } known
                    ? await client.UpdateEntityAsync(row, known, TableUpdateMode.Replace, cancellationToken)
                    : await client.AddEntityAsync(row, cancellationToken);
                return next;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(ids.NextJitter() * 10 * (attempt + 1)), time, cancellationToken);
            }
        }

        throw new TimeoutException("The payer is changed by too many at once.");
    }

    /// <summary>Forgets a payer: nothing is ever bought for them by itself again.</summary>
    public async Task ForgetAsync(string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        await client.DeleteEntityAsync(TableKey.Escape(accountId), RowKey, cancellationToken: cancellationToken);
    }

    private async Task<(Payer Payer, ETag? Tag)> ReadRowAsync(string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(TableKey.Escape(accountId), RowKey, cancellationToken: cancellationToken);
        return row.HasValue ? (StoredJson.Read<Payer>(row.Value!.GetString(Body)), row.Value.ETag) : (new Payer(accountId), null);
    }
}
