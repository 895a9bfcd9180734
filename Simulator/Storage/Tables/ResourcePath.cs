namespace ServerlessAi.Simulator.Storage.Tables;

/// <summary>Reads <c>table</c>, <c>table()</c>, <c>table(PartitionKey='p',RowKey='r')</c> and <c>Tables('table')</c>.</summary>
internal static class ResourcePath
{
    private const string Partition = "(PartitionKey='";
    private const string Row = "',RowKey='";

    /// <summary>The table, and the row's key where the path has one. Quotes in keys are doubled.</summary>
    public static (string Table, EntityKey? Key) Entity(string escapedPath)
    {
        var path = Uri.UnescapeDataString(escapedPath);
        var open = path.IndexOf('(', StringComparison.Ordinal);
        if (open < 0)
        {
            return (path, null);
        }

        var (table, rest) = (path[..open], path[open..]);
        if (string.Equals(rest, "()", StringComparison.Ordinal))
        {
            return (table, null);
        }

        // A key may hold the text of the separator, but with its quotes doubled: then an even number of quotes ends there.
        if (rest.StartsWith(Partition, StringComparison.Ordinal) && rest.EndsWith("')", StringComparison.Ordinal))
        {
            for (var at = rest.IndexOf(Row, Partition.Length, StringComparison.Ordinal); at >= 0; at = rest.IndexOf(Row, at + 1, StringComparison.Ordinal))
            {
                var partition = rest[Partition.Length..at];
                if (partition.Count(unit => unit == '\'') % 2 == 0)
                {
                    return (table, new EntityKey(Unquoted(partition), Unquoted(rest[(at + Row.Length)..^2])));
                }
            }
        }

        throw new ServiceErrorException(400, "InvalidInput", "Bad Request - Error in query syntax.");
    }

    /// <summary>The name in <c>Tables('name')</c>; null for anything else.</summary>
    public static string? NamedTable(string escapedPath)
    {
        var path = Uri.UnescapeDataString(escapedPath);
        return path.StartsWith("Tables('", StringComparison.Ordinal) && path.EndsWith("')", StringComparison.Ordinal) ? path[8..^2] : null;
    }

    private static string Unquoted(string text) => text.Replace("''", "'", StringComparison.Ordinal);
}
