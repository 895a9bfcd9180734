using System.Globalization;
using System.Text;

namespace ServerlessAi.Simulator.Storage.Tables;

/// <summary>A transaction: the multipart body in, the multipart answer out.</summary>
internal static class ChangeSet
{
    private const int OperationsLimit = 100;
    private const int BodyBytes = 4 * 1024 * 1024;
    private const string NewLine = "\r\n";
    private const string BlankLine = "\r\n\r\n";

    public static IReadOnlyList<EntityOperation> Parse(WireRequest batch)
    {
        if (batch.Body.Length > BodyBytes)
        {
            throw new ServiceErrorException(413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit.");
        }

        var text = Encoding.UTF8.GetString(batch.Body.Span);
        var operations = new List<EntityOperation>();
        foreach (var part in text.Split($"{NewLine}--{Boundary(text)}").Skip(1).Where(part => !part.StartsWith("--", StringComparison.Ordinal)))
        {
            if (operations.Count == OperationsLimit)
            {
                throw At(OperationsLimit - 1, new ServiceErrorException(400, "InvalidInput", "The batch request operation exceeds the maximum 100 changes per change set."));
            }

            var operation = ParsePart(part, operations.Count);
            CheckTogether(operations, operation);
            operations.Add(operation);
        }

        return operations.Count > 0 ? operations : throw Malformed();
    }

    /// <summary>The same error, its message preceded by the index of the operation that it is about.</summary>
    public static ServiceErrorException At(int index, ServiceErrorException error) =>
        new(error.Status, error.Code, string.Create(CultureInfo.InvariantCulture, $"{index}:{error.Message}"));

    public static WireReply Success(IReadOnlyList<StoredEntity?> rows) => Reply(rows.Select(row =>
        $"HTTP/1.1 204 No Content{NewLine}DataServiceVersion: 1.0;{NewLine}{(row is null ? "" : $"ETag: {row.ETag}{NewLine}")}{NewLine}"));

    public static WireReply Failure(ServiceErrorException error)
    {
        var body = Encoding.UTF8.GetString(TableReplies.ErrorBody(error));
        var status = error.Status.ToString(CultureInfo.InvariantCulture);
        return Reply([$"HTTP/1.1 {status} {error.Code}{NewLine}Content-Type: {TableReplies.MinimalMetadata}{BlankLine}{body}{NewLine}"]);
    }

    // Only what the operations say of each other; what each says of its row is checked when it is applied.
    private static void CheckTogether(List<EntityOperation> earlier, EntityOperation operation)
    {
        if (earlier.Count == 0)
        {
            return;
        }

        if (!string.Equals(earlier[0].Table, operation.Table, StringComparison.OrdinalIgnoreCase)
            || !string.Equals(earlier[0].Key.PartitionKey, operation.Key.PartitionKey, StringComparison.Ordinal))
        {
            throw At(earlier.Count, new ServiceErrorException(
                400, "CommandsInBatchActOnDifferentPartitions", "All commands in a batch must operate on same entity group."));
        }

        if (earlier.Exists(other => other.Key == operation.Key))
        {
            throw At(earlier.Count, new ServiceErrorException(
                400, "InvalidDuplicateRow", "The batch request contains multiple changes with same row key. An entity can appear only once in a batch request."));
        }
    }

    private static string Boundary(string text)
    {
        const string Mark = "boundary=";
        var at = text.IndexOf(Mark, StringComparison.OrdinalIgnoreCase);
        var end = at < 0 ? -1 : text.IndexOf(NewLine, at, StringComparison.Ordinal);
        return end < 0 ? throw Malformed() : text[(at + Mark.Length)..end].Trim().Trim('"');
    }

    /// <summary>MIME headers, a blank line, and an HTTP request.</summary>
    private static EntityOperation ParsePart(string part, int index)
    {
        var http = After(part, BlankLine);
        var end = http.IndexOf(BlankLine, StringComparison.Ordinal);
        var head = (end < 0 ? http.TrimEnd() : http[..end]).Split(NewLine);
        var line = head[0].Split(' ');
        if (line.Length != 3 || !Uri.TryCreate(line[1], UriKind.Absolute, out _))
        {
            throw Malformed();
        }

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in head.Skip(1))
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            headers[header[..colon]] = header[(colon + 1)..].Trim();
        }

        var (path, query) = Split(line[1]);
        var body = end < 0 ? "" : http[(end + BlankLine.Length)..].Trim();
        try
        {
            return EntityOperation.Parse(new WireRequest(line[0], path, query, headers, Encoding.UTF8.GetBytes(body)));
        }
        catch (ServiceErrorException error)
        {
            throw At(index, error);
        }
    }

    private static (string Path, IReadOnlyDictionary<string, string> Query) Split(string address)
    {
        var target = After(After(address, "://"), "/");
        var question = target.IndexOf('?', StringComparison.Ordinal);
        return question < 0
            ? (target, WireRequest.ParseQuery(""))
            : (target[..question], WireRequest.ParseQuery(target[question..]));
    }

    private static string After(string text, string mark)
    {
        var at = text.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? throw Malformed() : text[(at + mark.Length)..];
    }

    private static WireReply Reply(IEnumerable<string> parts)
    {
        const string Batch = "batchresponse_simulated";
        const string Changes = "changesetresponse_simulated";
        var text = new StringBuilder($"--{Batch}{NewLine}Content-Type: multipart/mixed; boundary={Changes}{BlankLine}");
        foreach (var part in parts)
        {
            text.Append("--").Append(Changes).Append(NewLine)
                .Append("Content-Type: application/http").Append(NewLine)
                .Append("Content-Transfer-Encoding: binary").Append(BlankLine)
                .Append(part).Append(NewLine);
        }

        text.Append("--").Append(Changes).Append("--").Append(NewLine).Append("--").Append(Batch).Append("--").Append(NewLine);
        return new WireReply(202, Encoding.UTF8.GetBytes(text.ToString()), ("Content-Type", $"multipart/mixed; boundary={Batch}"));
    }

    private static ServiceErrorException Malformed() => new(400, "InvalidInput", "One of the request inputs is not valid.");
}
