using System.Globalization;
using System.Text;

namespace ServerlessAi.Simulator.Storage.Tables;

/// <summary>Answers reads: filter, columns, pages.</summary>
internal sealed class TableQuery(SimulatedStorageOptions options)
{
    private const string NextPartition = "NextPartitionKey";
    private const string NextRow = "NextRowKey";
    private const string NextTable = "NextTableName";
    private const string Continuation = "x-ms-continuation-";

    // Says that the page before this token was the empty one.
    private const string AfterEmpty = "1!";
    private const string AfterFull = "2!";

    public WireReply AnswerEntity(WireRequest request, StoredEntity row)
    {
        var selected = Selected(request);
        return TableReplies.Json(200, json => EntityJson.Write(json, row, selected), ("ETag", row.ETag));
    }

    public WireReply AnswerEntities(WireRequest request, SimulatedTable table)
    {
        var filter = Filter(request);
        var selected = Selected(request);
        var token = request.Option(NextPartition);
        var (first, last) = KeyRange.Of(request.Option("$filter"));
        if (token is not null)
        {
            var next = new EntityKey(Decoded(token), request.Option(NextRow) is { } row ? Decoded(row) : "");
            first = EntityKey.Order.Compare(next, first) > 0 ? next : first;
        }

        var rows = table.Between(first, last).Where(row => filter(row.ValueOf));

        var isEmpty = options.EmptyPages && token?.StartsWith(AfterEmpty, StringComparison.Ordinal) != true;
        var limit = isEmpty ? 0 : Limit(request);
        var found = rows.Take(limit + 1).ToList();
        var mark = isEmpty ? AfterEmpty : AfterFull;
        return TableReplies.Page(
            found.Take(limit),
            (json, row) => EntityJson.Write(json, row, selected),
            found.Count <= limit
                ? []
                : [(Continuation + NextPartition, Encoded(mark, found[^1].Key.PartitionKey)), (Continuation + NextRow, Encoded(mark, found[^1].Key.RowKey))]);
    }

    public WireReply AnswerTables(WireRequest request, IEnumerable<string> names)
    {
        var filter = Filter(request);
        var from = request.Option(NextTable) ?? "";
        var limit = Limit(request);
        var found = names
            .Where(name => string.Compare(name, from, StringComparison.OrdinalIgnoreCase) >= 0)
            .Where(name => filter(property => string.Equals(property, "TableName", StringComparison.Ordinal) ? name : null))
            .Take(limit + 1)
            .ToList();
        return TableReplies.Page(found.Take(limit), TableReplies.WriteTable, found.Count <= limit ? [] : [(Continuation + NextTable, found[^1])]);
    }

    private int Limit(WireRequest request)
    {
        if (request.Option("$top") is not { } top)
        {
            return options.PageLimit;
        }

        return int.TryParse(top, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) && wanted is > 0 and <= 1_000
            ? Math.Min(wanted, options.PageLimit)
            : throw new ServiceErrorException(400, "InvalidInput", "One of the request inputs is not valid.");
    }

    private static Func<Func<string, object?>, bool> Filter(WireRequest request) =>
        request.Option("$filter") is { } text && !string.IsNullOrWhiteSpace(text) ? FilterParser.Parse(text) : _ => true;

    private static HashSet<string>? Selected(WireRequest request) => request.Option("$select") is { Length: > 0 } columns and not "*"
        ? columns.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal)
        : null;

    // Tokens travel in headers: keys of any characters become hexadecimal digits.
    private static string Encoded(string mark, string key) => mark + Convert.ToHexString(Encoding.Unicode.GetBytes(key));

    private static string Decoded(string token)
    {
        try
        {
            return Encoding.Unicode.GetString(Convert.FromHexString(token.AsSpan(Math.Min(token.Length, AfterEmpty.Length))));
        }
        catch (FormatException)
        {
            // Not a token of this service.
            throw new ServiceErrorException(400, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid.");
        }
    }
}
