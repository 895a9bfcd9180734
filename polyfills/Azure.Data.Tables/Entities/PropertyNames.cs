namespace Azure.Data.Tables.Entities;

internal static class PropertyNames
{
    internal const string PartitionKey = "PartitionKey";
    internal const string RowKey = "RowKey";
    internal const string Timestamp = "Timestamp";
    internal const string ETag = "ETag";
    internal const string ODataETag = "odata.etag";
    internal const string ODataPrefix = "odata.";
    internal const string TypeSuffix = "@odata.type";

    /// <summary>The service maintains these; a client never sends them.</summary>
    internal static bool IsMaintainedByService(string name) =>
        name is Timestamp or ETag || name.StartsWith(ODataPrefix, StringComparison.Ordinal);
}
