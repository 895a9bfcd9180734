using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts.Reports;

/// <summary>Row keys and row shapes of reports: an account's in its partition, the platform's in the table of its spend.</summary>
internal static class ReportRows
{
    public const string Month = "report|";
    public const string Chat = "chat|";
    public const string Hits = "hits|";
    public const string Bills = "bill|";

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

    /// <summary>A payment in a row of its own, so that nobody looks for it among the charges. Those that moved no credits have their operation's name to tell them apart.</summary>
    public static TableEntity ToEntity(string partition, Bill bill) =>
        new(partition, $"{Bills}{TableKey.Inverted(bill.At)}|{TableKey.Inverted(bill.Sequence)}{(bill.Sequence == 0 ? "|" + TableKey.Escape(bill.OperationId) : "")}") { [Body] = StoredJson.Write(bill) };

    /// <summary>Older rows are whole ledger entries, which say the same and more.</summary>
    public static Bill ToBill(TableEntity entity) => StoredJson.Read<Bill>(entity.GetString(Body));

    public static ChatTotals ToChat(TableEntity entity) => StoredJson.Read<ChatTotals>(entity.GetString(Body));
}
