using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>Row keys and row shapes of alerts, in the account's partition.</summary>
internal static class AlertRows
{
    public const string First = "alert|";

    public static string Key(AlertRecord alert) => First + TableKey.Escape(alert.Id);

    public static TableEntity ToEntity(string partition, AlertRecord alert) => new(partition, Key(alert)) { ["Body"] = StoredJson.Write(alert) };
}
