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

    public static string Key(AlertRecord alert) => Key(alert.Period, alert.Subject, alert.Level);

    /// <summary>The key of the row that an <see cref="AlertRecord.Id"/> names; null when it cannot name one.</summary>
    public static string? KeyOf(string id)
    {
        var (first, last) = (id.IndexOf('-', StringComparison.Ordinal), id.LastIndexOf('-'));
        if (first < 1 || last - first < 2 || !id.AsSpan(0, first).ContainsOnlyDigits() || id.Length > IdLimit)
        {
            return null;
        }

        var subject = id[(first + 1)..last];
        return TableKey.Fits(subject) && long.TryParse(id.AsSpan(last + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var level)
            && id.AsSpan(last + 1).SequenceEqual(level.ToString(CultureInfo.InvariantCulture))
            ? Key(id[..first], subject, level)
            : null;
    }

    public static TableEntity ToEntity(string partition, AlertRecord alert) => new(partition, Key(alert)) { [Body] = StoredJson.Write(alert) };

    public static AlertRecord ToAlert(TableEntity row) => StoredJson.Read<AlertRecord>(row.GetString(Body));

    /// <summary>Where alerts of a month, and of its days, begin.</summary>
    public static string FirstOf(DateTimeOffset month) => First + month.UtcDateTime.ToString("yyyyMM", CultureInfo.InvariantCulture);

    private const int IdLimit = 128;

    private static string Key(string period, string subject, long level) =>
        string.Create(CultureInfo.InvariantCulture, $"{First}{TableKey.Escape(period)}|{TableKey.Escape(subject)}|{level}");

    private static bool ContainsOnlyDigits(this ReadOnlySpan<char> text) => text.Length > 0 && text.IndexOfAnyExceptInRange('0', '9') < 0;
}
