namespace ServerlessAi.Simulator.Storage.Tables;

/// <summary>The rows of one table, in the order of their keys.</summary>
/// <param name="nextTimestamp">A time of writing that no other write has.</param>
internal sealed class SimulatedTable(string name, Func<DateTimeOffset> nextTimestamp)
{
    private readonly Dictionary<EntityKey, StoredEntity> rows = [];
    private readonly SortedSet<EntityKey> order = new(EntityKey.Order);

    public string Name => name;

    /// <summary>Rows from one key to another, both included; found without passing those before them, as the service does.</summary>
    public IEnumerable<StoredEntity> Between(EntityKey first, EntityKey last) =>
        EntityKey.Order.Compare(first, last) > 0 ? [] : order.GetViewBetween(first, last).Select(key => rows[key]);

    public StoredEntity Get(EntityKey key) => rows.GetValueOrDefault(key) ?? throw NotFound();

    /// <returns>The row after the change; null when it was deleted.</returns>
    public StoredEntity? Apply(EntityOperation operation)
    {
        var existing = rows.GetValueOrDefault(operation.Key);
        Check(operation, existing);
        if (operation.Change == EntityChange.Delete)
        {
            Remove(operation.Key);
            return null;
        }

        var properties = operation.Change == EntityChange.Merge && existing is not null
            ? Merged(existing.Properties, operation.Properties)
            : operation.Properties;
        EntityLimits.Check(operation.Key, properties);
        order.Add(operation.Key);
        return rows[operation.Key] = new StoredEntity(operation.Key, properties, nextTimestamp());
    }

    /// <summary>All of the changes, or none when one fails; its index then precedes the message.</summary>
    public IReadOnlyList<StoredEntity?> ApplyAll(IReadOnlyList<EntityOperation> operations)
    {
        var before = operations.Select(operation => (operation.Key, Row: rows.GetValueOrDefault(operation.Key))).ToList();
        var written = new List<StoredEntity?>(operations.Count);
        try
        {
            foreach (var operation in operations)
            {
                written.Add(Apply(operation));
            }

            return written;
        }
        catch (ServiceErrorException error)
        {
            foreach (var (key, row) in before.Take(written.Count))
            {
                Restore(key, row);
            }

            throw ChangeSet.At(written.Count, error);
        }
    }

    /// <summary>Writes a row as it is; nothing happens when there is none.</summary>
    public void Rewrite(EntityKey key)
    {
        if (rows.TryGetValue(key, out var row))
        {
            rows[key] = row with { Timestamp = nextTimestamp() };
        }
    }

    private static void Check(EntityOperation operation, StoredEntity? existing)
    {
        if (operation.Change == EntityChange.Insert)
        {
            if (existing is not null)
            {
                throw new ServiceErrorException(409, "EntityAlreadyExists", "The specified entity already exists.");
            }
        }
        else if (operation.IfMatch is { } tag)
        {
            if (existing is null)
            {
                throw NotFound();
            }

            if (tag is not "*" && !string.Equals(tag, existing.ETag, StringComparison.Ordinal))
            {
                throw new ServiceErrorException(412, "UpdateConditionNotSatisfied", "The update condition specified in the request was not satisfied.");
            }
        }
    }

    private void Restore(EntityKey key, StoredEntity? row)
    {
        if (row is null)
        {
            Remove(key);
        }
        else
        {
            rows[key] = row;
            order.Add(key);
        }
    }

    private void Remove(EntityKey key)
    {
        rows.Remove(key);
        order.Remove(key);
    }

    private static Dictionary<string, object> Merged(IReadOnlyDictionary<string, object> old, IReadOnlyDictionary<string, object> changes)
    {
        var merged = new Dictionary<string, object>(old, StringComparer.Ordinal);
        foreach (var (property, value) in changes)
        {
            merged[property] = value;
        }

        return merged;
    }

    private static ServiceErrorException NotFound() => new(404, "ResourceNotFound", "The specified resource does not exist.");
}
