using Azure;
using Azure.Data.Tables;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>An account's state as read or written, with the tag that makes the next write conditional. No tag: the row does not exist yet.</summary>
internal sealed record Snapshot(AccountState State, ETag? ETag)
{
    /// <summary>Reports that were read with this state, or written with it.</summary>
    public Tallies Tallies { get; init; } = new();
}

/// <summary>Point reads and the one conditional transaction of the table <c>accounts</c>.</summary>
internal sealed class AccountTable(Tables tables)
{
    public async Task<Snapshot?> ReadAsync(string accountId)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(accountId), AccountRows.StateKey);
        return row.HasValue ? new Snapshot(AccountRows.ToState(row.Value!), row.Value!.ETag) : null;
    }

    public async Task<HoldRecord?> ReadHoldAsync(string accountId, string operationId) =>
        await ReadRowAsync(accountId, AccountRows.HoldKey(operationId)) is { } row ? AccountRows.ToHold(row) : null;

    public async Task<OperationRecord?> ReadOperationAsync(string accountId, string operationId) =>
        await ReadRowAsync(accountId, AccountRows.OperationKey(operationId)) is { } row ? AccountRows.ToOperation(row) : null;

    public async Task<ClaimRecord?> ReadClaimAsync(string accountId, string keyHash) =>
        await ReadRowAsync(accountId, AccountRows.ClaimKey(keyHash)) is { } row ? AccountRows.ToClaim(row) : null;

    public async Task<bool> HasImageAsync(string accountId, string imageId, DateTimeOffset createdAt) => await ReadRowAsync(accountId, GalleryRows.Key(createdAt, imageId)) is not null;

    public async Task<bool> HasImagePointerAsync(string accountId, string imageId) => await ReadRowAsync(accountId, GalleryRows.PointerKey(imageId)) is not null;

    public async Task<MonthReport?> ReadReportAsync(string accountId, string month) =>
        await ReadRowAsync(accountId, ReportRows.MonthKey(month)) is { } row ? ReportRows.ToMonth(row) : null;

    public async Task<ChatTotals?> ReadChatAsync(string accountId, string chatId) =>
        await ReadRowAsync(accountId, ReportRows.ChatKey(chatId)) is { } row ? ReportRows.ToChat(row) : null;

    public async Task<SpendSum> ReadSpendAsync(string accountId, string month, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(
            AccountRows.Partition(accountId), AccountRows.MonthKey(month), ["CostNanoUsd", "Calls"], cancellationToken);
        return row.HasValue ? new SpendSum(row.Value!.GetInt64("CostNanoUsd") ?? 0, row.Value.GetInt32("Calls") ?? 0) : SpendSum.None;
    }

    /// <summary>Writes a fold. The account's own row carries the condition for all: no other row can change without it.</summary>
    /// <returns>The tag of the new state.</returns>
    public async Task<ETag> CommitAsync(Fold fold)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var actions = fold.ToActions();
        var response = await client.SubmitTransactionAsync(actions);
        return response.Value[0].Headers.ETag ?? throw new InvalidDataException("The table service answered a transaction without a tag.");
    }

    private async Task<TableEntity?> ReadRowAsync(string accountId, string rowKey)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(accountId), rowKey);
        return row.HasValue ? row.Value : null;
    }
}
