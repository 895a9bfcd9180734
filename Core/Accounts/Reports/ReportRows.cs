using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts.Reports;

/// <summary>Row keys and row shapes of reports: an account's in its partition, the platform's in the table of its spend.</summary>
internal static class ReportRows
{
    public const string Month = "report|";
    public const string Chat = "chat|";
    public const string Hits = "hits|";
    public const string Bill = "bill|";

    private const string Body = "Body";

    public static string MonthKey(string month) => Month + month;

    public static string ChatKey(string chatId) => Chat + TableKey.Escape(chatId);

    public static string HitsKey(string day) => Hits + day;

    public static bool FitsChat(string chatId) => TableKey.Fits(Chat + chatId);

    public static TableEntity ToEntity(string partition, MonthReport report) => ToEntity(partition, MonthKey(report.Month), report);

    public static TableEntity ToEntity(string partition, string rowKey, MonthReport report)
    {
        var entity = new TableEntity(partition, rowKey);
        LongText.Write(entity, Body, StoredJson.Write(report));
        return entity;
    }

    public static MonthReport ToMonth(TableEntity entity) => StoredJson.Read<MonthReport>(LongText.Read(entity, Body));

    public static TableEntity ToEntity(string partition, ChatTotals totals) => new(partition, ChatKey(totals.ChatId)) { [Body] = StoredJson.Write(totals) };

    /// <summary>A payment beside its ledger entry, so that nobody looks for it among the charges.</summary>
    public static TableEntity ToEntity(string partition, LedgerEntry entry) =>
        new(partition, $"{Bill}{TableKey.Inverted(entry.At)}|{TableKey.Inverted(entry.Sequence)}") { [Body] = StoredJson.Write(entry) };

    public static LedgerEntry ToBill(TableEntity entity) => StoredJson.Read<LedgerEntry>(entity.GetString(Body));

    public static ChatTotals ToChat(TableEntity entity) => StoredJson.Read<ChatTotals>(entity.GetString(Body));
}
