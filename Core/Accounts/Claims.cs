using Azure;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>An answered key: who owns it, how its hold ended (null: it took none), and the answer's body as it went out (null: it never did).</summary>
public sealed record AnsweredClaim(ClaimRecord Record, HoldRecord? Hold, string? Body);

/// <summary>Looks idempotency keys up, and keeps the bodies of their answers.</summary>
public sealed class Claims(Tables tables, TextBlobs texts, AccountStore accounts, TimeProvider time)
{
    private const string Rendered = "Rendered";
    private const string RenderedBlob = "RenderedBlob";
    private const int KeepAttempts = 3;

    /// <returns>The key's owner as long as it binds; null when nobody owns it.</returns>
    public async Task<AnsweredClaim?> FindAsync(string accountId, string keyHash, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var partition = AccountRows.Partition(accountId);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(partition, AccountRows.ClaimKey(keyHash), cancellationToken: cancellationToken);
        if (!row.HasValue)
        {
            return null;
        }

        var record = AccountRows.ToClaim(row.Value!);
        if (!record.IsAnswered)
        {
            return await accounts.ReadStoredAsync(accountId) is { } state && record.Binds(state, time.GetUtcNow()) ? new AnsweredClaim(record, Hold: null, Body: null) : null;
        }

        if (record.ExpiresAt <= time.GetUtcNow())
        {
            return null;
        }

        var body = await ReadBodyAsync(row.Value!, cancellationToken);
        var hold = await client.GetEntityIfExistsAsync<TableEntity>(partition, AccountRows.HoldKey(record.OperationId), cancellationToken: cancellationToken);
        return new AnsweredClaim(record, hold.HasValue ? AccountRows.ToHold(hold.Value!) : null, body);
    }

    /// <summary>
    /// Keeps the body that answers a key, so that a repetition gets the same bytes. The first one kept stays: an instance that makes a body because
    /// the first seemed lost, and the one that was only slow, give the same in the end.
    /// </summary>
    /// <returns>The body that is kept. The given one when the key no longer belongs to the operation, because then nobody is given it again.</returns>
    public async Task<string> KeepBodyAsync(string accountId, string keyHash, string operationId, string body, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var (partition, key) = (AccountRows.Partition(accountId), AccountRows.ClaimKey(keyHash));
        TableEntity? change = null;
        for (var attempt = 0; attempt < KeepAttempts; attempt++)
        {
            var row = await client.GetEntityIfExistsAsync<TableEntity>(partition, key, cancellationToken: cancellationToken);
            if (!row.HasValue || !IsOwn(AccountRows.ToClaim(row.Value!), operationId))
            {
                return body;
            }

            if (await ReadBodyAsync(row.Value!, cancellationToken) is { } kept)
            {
                return kept;
            }

            change ??= await ToChangeAsync(partition, key, body, cancellationToken);
            try
            {
                await client.UpdateEntityAsync(change, row.Value!.ETag, TableUpdateMode.Merge, cancellationToken);
                return body;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
            {
                // Somebody has written the row since it was read: look again whose it is, and what it says.
            }
        }

        return body;
    }

    private bool IsOwn(ClaimRecord record, string operationId) =>
        record.IsAnswered && record.ExpiresAt > time.GetUtcNow() && string.Equals(record.OperationId, operationId, StringComparison.Ordinal);

    // The payload shares the row and its limit, so only a body that is short as well goes beside it.
    private async Task<TableEntity> ToChangeAsync(string partition, string key, string body, CancellationToken cancellationToken)
    {
        var change = new TableEntity(partition, key);
        if (body.Length <= TextBlobs.RowLimit)
        {
            LongText.Write(change, Rendered, body);
        }
        else
        {
            change[RenderedBlob] = await texts.SaveAsync(body, cancellationToken);
        }

        return change;
    }

    private async Task<string?> ReadBodyAsync(TableEntity row, CancellationToken cancellationToken)
    {
        if (row.ContainsKey(Rendered))
        {
            return LongText.Read(row, Rendered);
        }

        return row.GetString(RenderedBlob) is { } name ? await texts.ReadAsync(name, cancellationToken) : null;
    }
}
