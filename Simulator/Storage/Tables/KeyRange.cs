using System.Text.RegularExpressions;

namespace ServerlessAi.Simulator.Storage.Tables;

/// <summary>
/// The keys that a filter can match, where it begins by naming them as this app's filters do: a partition, and in it a range of rows. The service finds
/// those without reading what is before them (https://learn.microsoft.com/azure/storage/tables/table-storage-design#query-types). Other filters match anywhere.
/// </summary>
internal static partial class KeyRange
{
    private static readonly (EntityKey First, EntityKey Last) All = (new EntityKey("", ""), new EntityKey("\uffff", "\uffff"));

    public static (EntityKey First, EntityKey Last) Of(string? filter)
    {
        // An "or" may name other keys; in a text it only costs the short way.
        if (filter is null || filter.Contains(" or ", StringComparison.OrdinalIgnoreCase) || Named().Match(filter) is not { Success: true } named)
        {
            return All;
        }

        var partition = Text(named.Groups["partition"]);
        return (
            new EntityKey(partition, named.Groups["first"].Success ? Text(named.Groups["first"]) : ""),
            new EntityKey(partition, named.Groups["end"].Success ? Text(named.Groups["end"]) : "\uffff"));
    }

    private static string Text(Group quoted) => quoted.Value.Replace("''", "'", StringComparison.Ordinal);

    [GeneratedRegex(
        @"^PartitionKey eq '(?<partition>(''|[^'])*)'(?: and RowKey ge '(?<first>(''|[^'])*)'(?: and RowKey lt '(?<end>(''|[^'])*)')?)?(?: and |$)",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Named();
}
