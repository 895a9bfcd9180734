using System.Globalization;
using System.Text.Json;

namespace Azure.Data.Tables.Entities;

/// <summary>Reads the service's JSON into an entity: a dictionary follows the annotations, a class its own property types.</summary>
internal static class EntityReader
{
    internal static T ReadOne<T>(ReadOnlyMemory<byte> json)
        where T : class, ITableEntity
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return Read<T>(document.RootElement);
    }

    internal static List<T> ReadMany<T>(ReadOnlyMemory<byte> json)
        where T : class, ITableEntity
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement rows = document.RootElement.GetProperty("value");
        var entities = new List<T>(rows.GetArrayLength());
        foreach (JsonElement row in rows.EnumerateArray())
        {
            entities.Add(Read<T>(row));
        }

        return entities;
    }

    private static T Read<T>(JsonElement row)
        where T : class, ITableEntity
    {
        T entity = Activator.CreateInstance<T>();
        if (entity is IDictionary<string, object> properties)
        {
            ReadProperties(row, properties);
        }
        else
        {
            ReadMembers(row, entity, EntityShape.Of(typeof(T)));
        }

        return entity;
    }

    /// <summary>The service writes an annotation right before its value, which this is quick at; any other order is put right at the end.</summary>
    private static void ReadProperties(JsonElement row, IDictionary<string, object> properties)
    {
        List<(string Name, string Type)> late = null;
        (string Name, string Type) annotation = default;
        foreach (JsonProperty property in row.EnumerateObject())
        {
            if (annotation.Name is not null && property.NameEquals(annotation.Name))
            {
                properties[annotation.Name] = Untyped(property.Value, annotation.Type);
                annotation = default;
                continue;
            }

            string name = property.Name;
            if (name.EndsWith(PropertyNames.TypeSuffix, StringComparison.Ordinal))
            {
                Postpone(ref late, annotation);
                annotation = (name[..^PropertyNames.TypeSuffix.Length], property.Value.GetString());
            }
            else if (name == PropertyNames.ODataETag || !name.Contains(PropertyNames.ODataPrefix, StringComparison.Ordinal))
            {
                properties[name] = Untyped(property.Value, name == PropertyNames.Timestamp ? "Edm.DateTime" : null);
            }
        }

        Postpone(ref late, annotation);
        foreach ((string name, string type) in late ?? [])
        {
            if (row.TryGetProperty(name, out JsonElement value))
            {
                properties[name] = Untyped(value, type);
            }
        }
    }

    private static void Postpone(ref List<(string Name, string Type)> late, (string Name, string Type) annotation)
    {
        if (annotation.Name is not null)
        {
            (late ??= []).Add(annotation);
        }
    }

    private static void ReadMembers(JsonElement row, ITableEntity entity, EntityShape shape)
    {
        foreach (JsonProperty property in row.EnumerateObject())
        {
            JsonElement value = property.Value;
            switch (property.Name)
            {
                case PropertyNames.PartitionKey:
                    entity.PartitionKey = value.GetString();
                    break;
                case PropertyNames.RowKey:
                    entity.RowKey = value.GetString();
                    break;
                case PropertyNames.Timestamp:
                    entity.Timestamp = Instant(value);
                    break;
                case PropertyNames.ODataETag:
                    entity.ETag = new ETag(value.GetString());
                    break;
                default:
                    if (shape.TryGet(property.Name, out EntityMember member) && member.Set is not null && value.ValueKind != JsonValueKind.Null)
                    {
                        member.Set(entity, Typed(value, Nullable.GetUnderlyingType(member.Type) ?? member.Type));
                    }

                    break;
            }
        }
    }

    private static object Untyped(JsonElement value, string type) => (type, value.ValueKind) switch
    {
        (_, JsonValueKind.Null) => null,
        ("Edm.Int64", _) => Typed(value, typeof(long)),
        ("Edm.Double", _) => Typed(value, typeof(double)),
        ("Edm.Guid", _) => Typed(value, typeof(Guid)),
        ("Edm.DateTime", _) => Instant(value),
        ("Edm.Binary", _) => value.GetBytesFromBase64(),
        (_, JsonValueKind.String) => value.GetString(),
        (_, JsonValueKind.True or JsonValueKind.False) => value.GetBoolean(),
        (_, JsonValueKind.Number) when value.TryGetInt32(out int small) => small,
        (_, JsonValueKind.Number) when value.TryGetInt64(out long large) => large,
        (_, JsonValueKind.Number) => value.GetDouble(),
        _ => throw new NotSupportedException($"Not supported value kind {value.ValueKind}"),
    };

    private static object Typed(JsonElement value, Type type) => type switch
    {
        _ when type == typeof(string) => value.ValueKind == JsonValueKind.String ? value.GetString() : null,
        _ when type == typeof(int) => value.GetInt32(),
        _ when type == typeof(bool) => value.GetBoolean(),
        _ when type == typeof(long) => value.ValueKind == JsonValueKind.Number
            ? value.GetInt64()
            : long.Parse(value.GetString(), NumberStyles.Integer, CultureInfo.InvariantCulture),
        _ when type == typeof(ulong) => ulong.Parse(value.GetString(), NumberStyles.Integer, CultureInfo.InvariantCulture),
        _ when type == typeof(double) => value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : double.Parse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture),
        _ when type == typeof(Guid) => Guid.Parse(value.GetString()),
        _ when type == typeof(DateTimeOffset) => Instant(value),
        _ when type == typeof(DateTime) => DateTime.Parse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind),
        _ when type == typeof(byte[]) => value.GetBytesFromBase64(),
        _ when type == typeof(BinaryData) => BinaryData.FromBytes(value.GetBytesFromBase64()),
        { IsEnum: true } => Enum.Parse(type, value.GetString()),
        _ => throw new NotSupportedException($"Not supported type {type}"),
    };

    private static DateTimeOffset Instant(JsonElement value) =>
        DateTimeOffset.Parse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
}
