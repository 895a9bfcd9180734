using System.Collections.Immutable;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// Row keys and row shapes of alerts, in the account's partition. What happens to an alert later has properties of its own beside the body, to be
/// merged: when its owner read it, and which intent of the outbox told of it. Ids are in no order of time; a second row, which repeats body and
/// <c>ReadAt</c>, sorts the newest first, so that the newest few are one short range however many there are.
/// </summary>
internal static class AlertRows
{
    public const string First = "alert|";

    /// <summary>Where the rows in the order of time begin, the newest first.</summary>
    public const string Newest = "alertat|";

    public const string ReadAt = "ReadAt";

    private const string Body = "Body";

    public static string Key(AlertRecord alert) => First + TableKey.Escape(alert.Id);

    /// <summary>The key of the row that an <see cref="AlertRecord.Id"/> names; null when it cannot name one.</summary>
    public static string? KeyOf(string id) => id.Length is > 0 and <= IdLimit && TableKey.Fits(id) ? First + TableKey.Escape(id) : null;

    /// <summary>Of one moment the higher level first.</summary>
    public static string NewestKey(AlertRecord alert) => $"{Newest}{TableKey.Inverted(alert.At)}|{TableKey.Inverted(alert.Level)}|{TableKey.Escape(alert.Id)}";

    /// <summary>Where alerts end that were raised since an instant.</summary>
    public static string NewestEndOf(DateTimeOffset since) => $"{Newest}{TableKey.Inverted(since)}}}";

    /// <summary>Both rows of an alert.</summary>
    public static ImmutableArray<TableEntity> ToEntities(string partition, AlertRecord alert) =>
        [ToEntity(partition, Key(alert), alert), ToEntity(partition, NewestKey(alert), alert)];

    public static AlertRecord ToAlert(TableEntity row) => StoredJson.Read<AlertRecord>(row.GetString(Body));

    private static TableEntity ToEntity(string partition, string rowKey, AlertRecord alert) => new(partition, rowKey) { [Body] = StoredJson.Write(alert) };

    private const int IdLimit = 128;
}
