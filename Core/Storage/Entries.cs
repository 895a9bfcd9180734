using Azure;
using Azure.Data.Tables;

namespace ServerlessAi.Storage;

/// <summary>An entry as stored. A removed one stays as a row, so that it hides what the build ships under the same id.</summary>
/// <param name="Value">Null when it was removed.</param>
public sealed record StoredEntry<T>(string Id, T? Value, int Revision, ETag Tag)
    where T : class
{
    /// <summary>What a conditional change names: the entry as read.</summary>
    public static string TagOf(string id, int revision) => $"\"{id}.{revision}\"";
}

/// <summary>Entries of one kind in the table <c>catalog</c>, each a JSON body under its id. Few enough to be read as a whole.</summary>
public sealed class Entries<T>(Tables tables, string partition)
    where T : class
{
    private const string Body = "Body";
    private const string Revision = "Revision";
    private const string Removed = "Removed";

    public async Task<IReadOnlyList<StoredEntry<T>>> ReadAllAsync(CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Catalog);
        var entries = new List<StoredEntry<T>>();
        await foreach (var row in client.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {partition}"), cancellationToken: cancellationToken))
        {
            entries.Add(ToEntry(row));
        }

        return entries;
    }

    /// <returns>Null when nothing was ever stored under this id.</returns>
    public async Task<StoredEntry<T>?> ReadAsync(string id, CancellationToken cancellationToken)
    {
        if (!TableKey.Fits(id))
        {
            // No key can hold this id, so no row has it.
            return null;
        }

        var client = await tables.GetAsync(TableNames.Catalog);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(partition, TableKey.Escape(id), cancellationToken: cancellationToken);
        return row.HasValue ? ToEntry(row.Value!) : null;
    }

    /// <summary>Writes the successor of an entry as read.</summary>
    /// <param name="before">What is replaced; null adds.</param>
    /// <param name="value">Null removes.</param>
    /// <returns>The entry as written; null when somebody else changed it meanwhile.</returns>
    public async Task<StoredEntry<T>?> WriteAsync(string id, StoredEntry<T>? before, T? value, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Catalog);
        var revision = (before?.Revision ?? 0) + 1;
        var row = new TableEntity(partition, TableKey.Escape(id)) { ["Id"] = id, [Revision] = revision, [Removed] = value is null };
        if (value is not null)
        {
            row[Body] = StoredJson.Write(value);
        }

        try
        {
            var response = before is null
                ? await client.AddEntityAsync(row, cancellationToken)
                : await client.UpdateEntityAsync(row, before.Tag, TableUpdateMode.Replace, cancellationToken);
            return new StoredEntry<T>(id, value, revision, response.Headers.ETag ?? default);
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
        {
            return null;
        }
    }

    private static StoredEntry<T> ToEntry(TableEntity row) => new(
        row.GetString("Id"),
        row.GetBoolean(Removed) is true ? null : StoredJson.Read<T>(row.GetString(Body)),
        row.GetInt32(Revision) ?? 0,
        row.ETag);
}
