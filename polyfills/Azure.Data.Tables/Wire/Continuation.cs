namespace Azure.Data.Tables.Wire;

/// <summary>Where the next page starts: both keys, separated by a space, as the service gave them (it encodes them, so they hold none).</summary>
internal static class Continuation
{
    internal static string OfEntities(Response response)
    {
        bool hasPartition = response.Headers.TryGetValue("x-ms-continuation-NextPartitionKey", out string partitionKey);
        bool hasRow = response.Headers.TryGetValue("x-ms-continuation-NextRowKey", out string rowKey);
        return hasPartition || hasRow ? $"{partitionKey} {rowKey}" : null;
    }

    internal static string OfTables(Response response) =>
        response.Headers.TryGetValue("x-ms-continuation-NextTableName", out string table) ? table : null;

    internal static (string PartitionKey, string RowKey) Split(string token)
    {
        if (token is null || token.Length <= 1)
        {
            return (null, null);
        }

        string[] keys = token.Split(' ', 2);
        return (keys[0], keys.Length > 1 && keys[1].Length > 0 ? keys[1] : null);
    }
}
