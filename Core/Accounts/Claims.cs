using Azure;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>An answered key: who owns it, how its hold ended (null: it took none), and the answer's body as it went out (null: it never did).</summary>
public sealed record AnsweredClaim(ClaimRecord Record, HoldRecord? Hold, string? Body)
{
    /// <summary>The answer was known, but not recorded, when the key was looked up: the first request is long over.</summary>
    public bool Recovered { get; init; }
}

/// <summary>Looks idempotency keys up, and keeps the bodies of their answers.</summary>
public sealed class Claims(Tables tables, ClaimBodies bodies, AccountStore accounts, Unsettled unsettled, TimeProvider time)
{
    private const int KeepAttempts = 3;

    /// <returns>The key's owner as long as it binds; null when nobody owns it.</returns>
    public async Task<AnsweredClaim?> FindAsync(string accountId, string keyHash, CancellationToken cancellationToken)
    {
        if (await ReadRowAsync(accountId, AccountRows.ClaimKey(keyHash), cancellationToken) is not { } row)
        {
            return null;
        }

        var record = AccountRows.ToClaim(row);
        if (record.ExpiresAt <= time.GetUtcNow())
        {
            return null;
        }

        return record.IsAnswered ? await AnsweredAsync(accountId, row, record, cancellationToken)
            : await accounts.ReadStoredAsync(accountId) is { } state && record.Binds(state, time.GetUtcNow()) ? new AnsweredClaim(record, Hold: null, Body: null)
            : await FindUnsettledAsync(accountId, record, cancellationToken);
    }

    // The hold lapsed, but the request may have succeeded all the same, and only its settlement be missing: then nobody must be asked again.
    private async Task<AnsweredClaim?> FindUnsettledAsync(string accountId, ClaimRecord lapsed, CancellationToken cancellationToken)
    {
        switch (await unsettled.FinishAsync(accountId, lapsed.OperationId, cancellationToken))
        {
            case null:
                return null;
            case false:
                // There is an answer, but no charge for it yet; whoever asks can wait.
                return new AnsweredClaim(lapsed, Hold: null, Body: null);
            default:
                var row = await ReadRowAsync(accountId, AccountRows.ClaimKey(lapsed.Claim.KeyHash), cancellationToken);
                return row is not null && AccountRows.ToClaim(row) is { IsAnswered: true } record
                    ? await AnsweredAsync(accountId, row, record, cancellationToken) with { Recovered = true }
                    : null;
        }
    }

    private async Task<AnsweredClaim> AnsweredAsync(string accountId, TableEntity row, ClaimRecord record, CancellationToken cancellationToken)
    {
        var body = await bodies.ReadAsync(row, cancellationToken);
        var hold = await ReadRowAsync(accountId, AccountRows.HoldKey(record.OperationId), cancellationToken);
        return new AnsweredClaim(record, hold is null ? null : AccountRows.ToHold(hold), body);
    }

    private async Task<TableEntity?> ReadRowAsync(string accountId, string rowKey, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(accountId), rowKey, cancellationToken: cancellationToken);
        return row.HasValue ? row.Value : null;
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

            if (await bodies.ReadAsync(row.Value!, cancellationToken) is { } kept)
            {
                return kept;
            }

            change ??= await bodies.AddAsync(new TableEntity(partition, key), body, cancellationToken);
            try
            {
                await client.UpdateEntityAsync(change, row.Value!.ETag, TableUpdateMode.Merge, cancellationToken);
                return body;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                // Somebody has written the row since it was read: look again whose it is, and what it says.
            }
        }

        return body;
    }

    private bool IsOwn(ClaimRecord record, string operationId) =>
        record.IsAnswered && record.ExpiresAt > time.GetUtcNow() && string.Equals(record.OperationId, operationId, StringComparison.Ordinal);
}
