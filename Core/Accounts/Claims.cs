using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>An answered key: who owns it, how its hold ended (null: it took none), and the answer's body as it went out (null: it never did).</summary>
public sealed record AnsweredClaim(ClaimRecord Record, HoldRecord? Hold, string? Body);

/// <summary>Looks idempotency keys up, and keeps the bodies of their answers.</summary>
public sealed class Claims(Tables tables, AccountStore accounts, TimeProvider time)
{
    private const string Rendered = "Rendered";

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

        var body = row.Value!.ContainsKey(Rendered) ? LongText.Read(row.Value!, Rendered) : null;
        var hold = await client.GetEntityIfExistsAsync<TableEntity>(partition, AccountRows.HoldKey(record.OperationId), cancellationToken: cancellationToken);
        return new AnsweredClaim(record, hold.HasValue ? AccountRows.ToHold(hold.Value!) : null, body);
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
