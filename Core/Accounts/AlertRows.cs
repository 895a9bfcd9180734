using System.Globalization;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// Row keys and row shapes of alerts, in the account's partition. What happens to an alert later has properties of its own beside the body, to be
/// merged: when its owner read it, and which intent of the outbox told of it.
/// </summary>
internal static class AlertRows
{
    public const string First = "alert|";

    /// <summary>'}' follows '|' in the order of characters.</summary>
    public const string End = "alert}";

    public const string ReadAt = "ReadAt";

    private const string Body = "Body";

    public static string Key(AlertRecord alert) => First + TableKey.Escape(alert.Id);

    /// <summary>The key of the row that an <see cref="AlertRecord.Id"/> names; null when it cannot name one.</summary>
    public static string? KeyOf(string id) => id.Length is > 0 and <= IdLimit && TableKey.Fits(id) ? First + TableKey.Escape(id) : null;

    public static TableEntity ToEntity(string partition, AlertRecord alert) => new(partition, Key(alert)) { [Body] = StoredJson.Write(alert) };

    public static AlertRecord ToAlert(TableEntity row) => StoredJson.Read<AlertRecord>(row.GetString(Body));

    /// <summary>Where alerts of a month, and of its days, begin.</summary>
    public static string FirstOf(DateTimeOffset month) => First + month.UtcDateTime.ToString("yyyyMM", CultureInfo.InvariantCulture);

    private const int IdLimit = 128;
}
