using System.Globalization;

namespace ServerlessAi.Simulator.Storage.Tables;

/// <summary>A row's place.</summary>
internal readonly record struct EntityKey(string PartitionKey, string RowKey)
{
    /// <summary>By partition, then by row, by the code units of their keys.</summary>
    public static readonly Comparer<EntityKey> Order = Comparer<EntityKey>.Create(static (a, b) =>
    {
        var partition = string.CompareOrdinal(a.PartitionKey, b.PartitionKey);
        return partition != 0 ? partition : string.CompareOrdinal(a.RowKey, b.RowKey);
    });
}

/// <summary>A row as kept. Values are string, int, long, double, bool, Guid, DateTimeOffset or byte[].</summary>
/// <param name="Timestamp">Of its last write. No two writes of a service share one, so the tag that is made of it changes with every write.</param>
internal sealed record StoredEntity(EntityKey Key, IReadOnlyDictionary<string, object> Properties, DateTimeOffset Timestamp)
{
    public string ETag => $"W/\"datetime'{Uri.EscapeDataString(Instant(Timestamp))}'\"";

    /// <summary>A value by name, the keys and the time of writing included; null when there is none.</summary>
    public object? ValueOf(string name) => name switch
    {
        "PartitionKey" => Key.PartitionKey,
        "RowKey" => Key.RowKey,
        "Timestamp" => Timestamp,
        _ => Properties.GetValueOrDefault(name),
    };

    public static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);
}
