using System.Globalization;
using Azure.Data.Tables;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>Row keys and row shapes of the table <c>accounts</c>. All rows of an account share its partition.</summary>
internal static class AccountRows
{
    public const string StateKey = "account";

    private const string Body = "Body";

    public static string Partition(string accountId) => TableKey.Escape(accountId);

    public static string HoldKey(string operationId) => "hold|" + TableKey.Escape(operationId);

    public static string OperationKey(string operationId) => "op|" + TableKey.Escape(operationId);

    public static string EntryKey(long sequence) => "entry|" + TableKey.Inverted(sequence);

    public static string UsageKey(UsageRecord usage) =>
        $"use|{TableKey.Inverted(usage.At)}|{TableKey.Escape(usage.OperationId)}|{usage.Event}{(usage.Correction > 0 ? string.Create(CultureInfo.InvariantCulture, $"|{usage.Correction}") : "")}";

    public static string ClaimKey(string keyHash) => "idem|" + keyHash;

    /// <summary>Sorts behind all keys of claims, and before all others that come after them.</summary>
    public const string ClaimKeysEnd = "idem}";

    public static string DayKey(string day) => "day|" + day;

    public static string MonthKey(string month) => "month|" + month;

    public static TableEntity ToEntity(AccountState state)
    {
        var entity = new TableEntity(Partition(state.AccountId), StateKey)
        {
            ["Sequence"] = state.Sequence,
            ["BalanceMicro"] = state.BalanceMicro,
            ["HeldMicro"] = state.HeldMicro,
            ["OpenHolds"] = state.Holds.Length,
        };
        LongText.Write(entity, "State", StoredJson.Write(state));
        return entity;
    }

    public static AccountState ToState(TableEntity entity) =>
        StoredJson.Read<AccountState>(LongText.Read(entity, "State"));

    public static TableEntity ToEntity(string partition, HoldRecord record) => new(partition, HoldKey(record.Hold.OperationId))
    {
        ["Status"] = record.Status.ToString(),
        ["HeldMicro"] = record.Hold.HeldMicro,
        ["ChargedMicro"] = record.ChargedMicro,
        ["ExpiresAt"] = record.Hold.ExpiresAt,
        [Body] = StoredJson.Write(record),
    };

    public static HoldRecord ToHold(TableEntity entity) =>
        StoredJson.Read<HoldRecord>(entity.GetString(Body));

    public static TableEntity ToEntity(string partition, LedgerEntry entry) => new(partition, EntryKey(entry.Sequence))
    {
        ["Sequence"] = entry.Sequence,
        ["Kind"] = entry.Kind.ToString(),
        ["AmountMicro"] = entry.AmountMicro,
        ["BalanceMicro"] = entry.BalanceMicro,
        ["OperationId"] = entry.OperationId,
        ["At"] = entry.At,
        [Body] = StoredJson.Write(entry),
    };

    public static LedgerEntry ToEntry(TableEntity entity) =>
        StoredJson.Read<LedgerEntry>(entity.GetString(Body));

    public static TableEntity ToEntity(string partition, UsageRecord usage) => new(partition, UsageKey(usage))
    {
        ["Event"] = usage.Event,
        ["At"] = usage.At,
        ["ModelServed"] = usage.Facts?.ModelServed,
        ["ChargedMicro"] = usage.ChargedMicro,
        ["CostNanoUsd"] = usage.CostNanoUsd,
        [Body] = StoredJson.Write(usage),
    };

    public static UsageRecord ToUsage(TableEntity entity) =>
        StoredJson.Read<UsageRecord>(entity.GetString(Body));

    public static TableEntity ToEntity(string partition, OperationRecord operation) => new(partition, OperationKey(operation.OperationId))
    {
        ["Sequence"] = operation.Sequence,
        ["AmountMicro"] = operation.AmountMicro,
        [Body] = StoredJson.Write(operation),
    };

    public static OperationRecord ToOperation(TableEntity entity) =>
        StoredJson.Read<OperationRecord>(entity.GetString(Body));

    public static TableEntity ToEntity(string partition, ClaimRecord claim)
    {
        var entity = new TableEntity(partition, ClaimKey(claim.Claim.KeyHash)) { ["OperationId"] = claim.OperationId, ["ExpiresAt"] = claim.ExpiresAt };
        LongText.Write(entity, Body, StoredJson.Write(claim));
        return entity;
    }

    public static ClaimRecord ToClaim(TableEntity entity) => StoredJson.Read<ClaimRecord>(LongText.Read(entity, Body));

    public const string PlanEventFirst = "plan|";

    public static TableEntity ToEntity(string partition, SubscriptionEvent change) =>
        new(partition, $"{PlanEventFirst}{TableKey.Inverted(change.At)}|{TableKey.Escape(change.OperationId)}|{change.Kind}") { [Body] = StoredJson.Write(change) };

    public static SubscriptionEvent ToPlanEvent(TableEntity entity) => StoredJson.Read<SubscriptionEvent>(entity.GetString(Body));

    public static TableEntity ToEntity(string partition, DayUse day) => new(partition, DayKey(day.Day))
    {
        ["Calls"] = day.Calls,
        ["ChargedMicro"] = day.ChargedMicro,
        ["CostNanoUsd"] = day.CostNanoUsd,
        [Body] = StoredJson.Write(day),
    };

    public static DayUse ToDay(TableEntity entity) => StoredJson.Read<DayUse>(entity.GetString(Body));

    public static MonthUse ToMonth(TableEntity entity) => StoredJson.Read<MonthUse>(entity.GetString(Body));

    public static TableEntity ToEntity(string partition, MonthUse month) => new(partition, MonthKey(month.Month))
    {
        ["Calls"] = month.Calls,
        ["ChargedMicro"] = month.ChargedMicro,
        ["CostNanoUsd"] = month.CostNanoUsd,
        [Body] = StoredJson.Write(month),
    };
}
