namespace ServerlessAi.Simulator.Storage.Tables;

internal enum EntityChange
{
    Insert,
    Replace,
    Merge,
    Delete,
}

/// <summary>One change of one row.</summary>
/// <param name="IfMatch">The tag the row must have, or <c>*</c>; null makes a replacement or merge insert what is missing.</param>
internal sealed record EntityOperation(EntityChange Change, string Table, EntityKey Key, IReadOnlyDictionary<string, object> Properties, string? IfMatch)
{
    public static EntityOperation Parse(WireRequest request)
    {
        var change = request.Method.ToUpperInvariant() switch
        {
            "POST" => EntityChange.Insert,
            "PUT" => EntityChange.Replace,
            "PATCH" or "MERGE" => EntityChange.Merge,
            "DELETE" => EntityChange.Delete,
            _ => throw new ServiceErrorException(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb."),
        };
        var ifMatch = request.Header("If-Match");
        if (change == EntityChange.Delete && ifMatch is null)
        {
            throw new ServiceErrorException(400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified.");
        }

        var properties = change == EntityChange.Delete ? [] : EntityJson.Read(request.Body);
        var (table, addressed) = ResourcePath.Entity(request.Path);
        var key = addressed ?? KeyOf(properties);
        properties.Remove("PartitionKey");
        properties.Remove("RowKey");
        if (change != EntityChange.Delete)
        {
            EntityLimits.Check(key, properties);
        }

        return new EntityOperation(change, table, key, properties, ifMatch);
    }

    private static EntityKey KeyOf(Dictionary<string, object> properties) =>
        properties.GetValueOrDefault("PartitionKey") is string partition && properties.GetValueOrDefault("RowKey") is string row
            ? new EntityKey(partition, row)
            : throw new ServiceErrorException(400, "PropertiesNeedValue", "The values are not specified for all properties in the entity.");
}
