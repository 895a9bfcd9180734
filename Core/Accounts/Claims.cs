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
public sealed class Claims(Tables tables, AccountStore accounts, Unsettled unsettled, TimeProvider time)
{
    private const string Rendered = "Rendered";

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
        var body = row.ContainsKey(Rendered) ? LongText.Read(row, Rendered) : null;
        var hold = await ReadRowAsync(accountId, AccountRows.HoldKey(record.OperationId), cancellationToken);
        return new AnsweredClaim(record, hold is null ? null : AccountRows.ToHold(hold), body);
    }

    private async Task<TableEntity?> ReadRowAsync(string accountId, string rowKey, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(accountId), rowKey, cancellationToken: cancellationToken);
        return row.HasValue ? row.Value : null;
    }

    /// <summary>Keeps the body that answered a key, so that a repetition gets the same bytes. Without it the answer is made again from the payload.</summary>
    public async Task KeepBodyAsync(string accountId, string keyHash, string body, CancellationToken cancellationToken)
    {
        if (body.Length > LongText.LengthLimit / 2)
        {
            return;
        }

        var change = new TableEntity(AccountRows.Partition(accountId), AccountRows.ClaimKey(keyHash));
        LongText.Write(change, Rendered, body);
        var client = await tables.GetAsync(TableNames.Accounts);
        // Only whoever was just answered gets here, and an answered key changes no more until it expires.
        await client.UpdateEntityAsync(change, Azure.ETag.All, TableUpdateMode.Merge, cancellationToken);
    }
}
