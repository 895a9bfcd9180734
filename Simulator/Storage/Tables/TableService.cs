namespace ServerlessAi.Simulator.Storage.Tables;

/// <summary>Finds out what a request wants and answers it. Not thread-safe: its owner lets one request in at a time.</summary>
internal sealed class TableService(TimeProvider time, SimulatedStorageOptions options)
{
    private const string Tables = "Tables";
    private const string Batch = "$batch";

    private readonly SortedDictionary<string, SimulatedTable> tables = new(StringComparer.OrdinalIgnoreCase);
    private readonly TableQuery query = new(options);
    private DateTimeOffset lastWrite = DateTimeOffset.MinValue;

    public static SimulatedRequest Describe(long sequence, WireRequest request)
    {
        try
        {
            if (IsBatch(request))
            {
                var first = ChangeSet.Parse(request)[0];
                return new SimulatedRequest(sequence, request.Method, first.Table, first.Key.PartitionKey, IsTransaction: true);
            }

            if (IsTables(request))
            {
                return new SimulatedRequest(sequence, request.Method, ResourcePath.NamedTable(request.Path) ?? NewTable(request) ?? "", Partition: null, IsTransaction: false);
            }

            var (table, key) = ResourcePath.Entity(request.Path);
            var isInsert = string.Equals(request.Method, "POST", StringComparison.OrdinalIgnoreCase);
            var partition = isInsert ? EntityJson.Read(request.Body).GetValueOrDefault("PartitionKey") as string : key?.PartitionKey;
            return new SimulatedRequest(sequence, request.Method, table, partition, IsTransaction: false);
        }
        catch (ServiceErrorException)
        {
            // Too malformed to describe; the answer will say so.
            return new SimulatedRequest(sequence, request.Method, "", Partition: null, IsBatch(request));
        }
    }

    public WireReply Answer(WireRequest request)
    {
        try
        {
            if (IsBatch(request))
            {
                return AnswerBatch(request);
            }

            return IsTables(request) ? AnswerTables(request) : AnswerEntity(request);
        }
        catch (ServiceErrorException error)
        {
            return TableReplies.Error(error);
        }
    }

    /// <summary>Gives the rows that a change would meet new tags, as if somebody else had just written them.</summary>
    public void RewriteRowsOf(WireRequest request)
    {
        try
        {
            foreach (var operation in IsBatch(request) ? ChangeSet.Parse(request) : [EntityOperation.Parse(request)])
            {
                Find(operation.Table).Rewrite(operation.Key);
            }
        }
        catch (ServiceErrorException)
        {
            // No change of rows, or a wrong one: the answer will say so.
        }
    }

    private WireReply AnswerBatch(WireRequest request)
    {
        try
        {
            var operations = ChangeSet.Parse(request);
            return ChangeSet.Success(Find(operations[0].Table).ApplyAll(operations));
        }
        catch (ServiceErrorException error) when (error.Status != 413)
        {
            return ChangeSet.Failure(error);
        }
    }

    private WireReply AnswerTables(WireRequest request)
    {
        if (ResourcePath.NamedTable(request.Path) is { } name)
        {
            _ = Find(name, "ResourceNotFound");
            tables.Remove(name);
            return new WireReply(204);
        }

        return NewTable(request) is { } created ? Create(created, request) : query.AnswerTables(request, tables.Values.Select(table => table.Name));
    }

    private WireReply Create(string name, WireRequest request)
    {
        EntityLimits.CheckTableName(name);
        return tables.TryAdd(name, new SimulatedTable(name, NextTimestamp))
            ? WantsNoContent(request) ? new WireReply(204, ("Preference-Applied", "return-no-content")) : TableReplies.Table(201, name)
            : throw new ServiceErrorException(409, "TableAlreadyExists", "The table specified already exists.");
    }

    private WireReply AnswerEntity(WireRequest request)
    {
        if (string.Equals(request.Method, "GET", StringComparison.OrdinalIgnoreCase))
        {
            var (name, key) = ResourcePath.Entity(request.Path);
            return key is { } known ? query.AnswerEntity(request, Find(name).Get(known)) : query.AnswerEntities(request, Find(name));
        }

        var operation = EntityOperation.Parse(request);
        if (Find(operation.Table).Apply(operation) is not { } row)
        {
            return new WireReply(204);
        }

        return operation.Change == EntityChange.Insert && !WantsNoContent(request)
            ? TableReplies.Json(201, json => EntityJson.Write(json, row, selected: null), ("ETag", row.ETag))
            : new WireReply(204, ("ETag", row.ETag));
    }

    private SimulatedTable Find(string name, string code = "TableNotFound") =>
        tables.GetValueOrDefault(name) ?? throw new ServiceErrorException(404, code, "The table specified does not exist.");

    // A clock that stands still must not make two writes look like one.
    private DateTimeOffset NextTimestamp()
    {
        var now = time.GetUtcNow();
        return lastWrite = now > lastWrite ? now : lastWrite.AddTicks(1);
    }

    private static bool IsBatch(WireRequest request) => string.Equals(Uri.UnescapeDataString(request.Path), Batch, StringComparison.Ordinal);

    private static bool IsTables(WireRequest request) =>
        string.Equals(request.Path, Tables, StringComparison.Ordinal) || ResourcePath.NamedTable(request.Path) is not null;

    private static string? NewTable(WireRequest request) => string.Equals(request.Method, "POST", StringComparison.OrdinalIgnoreCase)
        ? EntityJson.Read(request.Body).GetValueOrDefault("TableName") as string
        : null;

    private static bool WantsNoContent(WireRequest request) =>
        string.Equals(request.Header("Prefer"), "return-no-content", StringComparison.OrdinalIgnoreCase);
}
