namespace Azure.Data.Tables;

/// <summary>What every row has: its two keys, and the instant and version that the service maintains.</summary>
public interface ITableEntity
{
    string PartitionKey { get; set; }

    string RowKey { get; set; }

    DateTimeOffset? Timestamp { get; set; }

    ETag ETag { get; set; }
}
