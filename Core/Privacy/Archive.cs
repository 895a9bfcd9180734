using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;

namespace ServerlessAi.Privacy;

/// <summary>
/// What stays of an account whose user is forgotten, row by row: amounts, times, models and plans, which accounting needs; not who it was, whom they
/// served, which chats, what anybody wrote as a reason, nor pictures, answers, addresses and alerts.
/// </summary>
internal static class Archive
{
    /// <summary>Reasons that the app itself gives, and that say nothing of anybody.</summary>
    private static readonly HashSet<string> OwnReasons = new(StringComparer.Ordinal) { "sign_up", "credits_expired", "plan_renewed", "account_deleted", LedgerEntry.DisputeWon };

    /// <returns>The row as it stays, in another partition; null when nothing of it does.</returns>
    public static TableEntity? Keep(TableEntity row, string partition, string accountId) => row.RowKey.Split('|', 2)[0] switch
    {
        AccountRows.StateKey => AccountRows.ToEntity(Strip(AccountRows.ToState(row), accountId)),
        "entry" => AccountRows.ToEntity(partition, Strip(AccountRows.ToEntry(row))),
        "hold" => AccountRows.ToEntity(partition, Strip(AccountRows.ToHold(row))),
        "use" => AccountRows.ToEntity(partition, Strip(AccountRows.ToUsage(row))),
        "op" => AccountRows.ToEntity(partition, AccountRows.ToOperation(row)),
        "day" => AccountRows.ToEntity(partition, AccountRows.ToDay(row)),
        "month" => AccountRows.ToEntity(partition, AccountRows.ToMonth(row)),
        "report" => ReportRows.ToEntity(partition, ReportRows.ToMonth(row)),
        "bill" => ReportRows.ToEntity(partition, ReportRows.ToBill(row) with { Reason = null }),
        "plan" => AccountRows.ToEntity(partition, AccountRows.ToPlanEvent(row) with { Reason = "" }),
        _ => null,
    };

    private static AccountState Strip(AccountState state, string accountId) => state with { AccountId = accountId, Name = null, IsErased = false, ForgottenAt = null };

    private static LedgerEntry Strip(LedgerEntry entry) => entry with { Reason = Strip(entry.Reason), Usage = Strip(entry.Usage) };

    private static HoldRecord Strip(HoldRecord record) => record with { Hold = record.Hold with { Claim = null, Member = null } };

    private static UsageRecord Strip(UsageRecord line) => line with { Facts = Strip(line.Facts) };

    private static UsageFacts? Strip(UsageFacts? facts) => facts is null ? null : facts with { ChatId = null, EndUser = null, Metadata = null };

    private static string? Strip(string? reason) => reason is not null && OwnReasons.Contains(reason) ? reason : null;
}
