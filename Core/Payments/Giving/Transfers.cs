using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments.Giving;

/// <summary>Credits on their way from one account to another: the table <c>transfers</c>, the sender's partition. Written before anything moves.</summary>
/// <param name="To">Null when it is done: nothing needs to know any more, and whoever repeats the request says so again.</param>
public sealed record Transfer(string Id, string From, string? To, long Micro, string? Fingerprint, DateTimeOffset At)
{
    /// <summary>The sender has given it, and their account, which could say so, may be gone.</summary>
    public bool HasLeft { get; init; }

    public bool IsDone { get; init; }

    /// <summary>The receiver's account was deleted before it arrived: the sender gets it back, and has it when it is done.</summary>
    public bool IsReturned { get; init; }

    /// <summary>The row's, as it was read.</summary>
    internal ETag Tag { get; init; }
}

/// <summary>The table <c>transfers</c>: what each account has given, or is about to.</summary>
public sealed class Transfers(Tables tables)
{
    private const string Body = "Body";

    /// <summary>What an account has given, or begun to give.</summary>
    internal async IAsyncEnumerable<Transfer> ReadEachAsync(string from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Transfers);
        await foreach (var row in client.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {TableKey.Escape(from)}"), cancellationToken: cancellationToken))
        {
            yield return ToTransfer(row);
        }
    }

    internal async Task<Transfer?> FindAsync(string from, string id, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Transfers);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(TableKey.Escape(from), TableKey.Escape(id), cancellationToken: cancellationToken);
        return row.HasValue ? ToTransfer(row.Value!) : null;
    }

    /// <summary>Writes a transfer, or writes a known one anew, so that its tag is another than whoever deletes it may have read.</summary>
    /// <returns>What stands there: what somebody else made of it, when they were first.</returns>
    internal async Task<Transfer> BeginAsync(Transfer transfer, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Transfers);
        for (var known = transfer; ;)
        {
            try
            {
                var response = known.Tag == default
                    ? await client.AddEntityAsync(ToRow(known), cancellationToken)
                    : await client.UpdateEntityAsync(ToRow(known), known.Tag, TableUpdateMode.Replace, cancellationToken);
                return known with { Tag = response.Headers.ETag ?? default };
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                if (await FindAsync(transfer.From, transfer.Id, cancellationToken) is { } found)
                {
                    return found;
                }

                known = transfer with { Tag = default };
            }
        }
    }

    /// <summary>Replaces a row, unless it is another than the tag says, or gone: then somebody else has come further, or its sender is forgotten.</summary>
    /// <returns>Whether it was replaced.</returns>
    internal async Task<bool> WriteAsync(Transfer transfer, ETag tag, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Transfers);
        try
        {
            await client.UpdateEntityAsync(ToRow(transfer), tag, TableUpdateMode.Replace, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsMissing(exception) || StorageFaults.IsConflict(exception))
        {
            // Done by somebody else, or forgotten with the sender.
            return false;
        }
    }

    internal async Task DeleteAsync(Transfer transfer, ETag tag, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Transfers);
        try
        {
            await client.DeleteEntityAsync(TableKey.Escape(transfer.From), TableKey.Escape(transfer.Id), tag, cancellationToken);
        }
        catch (RequestFailedException exception) when (StorageFaults.IsMissing(exception) || StorageFaults.IsConflict(exception))
        {
            // Somebody else was first.
        }
    }

    private static Transfer ToTransfer(TableEntity row) => StoredJson.Read<Transfer>(row.GetString(Body)) with { Tag = row.ETag };

    private static TableEntity ToRow(Transfer transfer) => new(TableKey.Escape(transfer.From), TableKey.Escape(transfer.Id)) { [Body] = StoredJson.Write(transfer) };
}
