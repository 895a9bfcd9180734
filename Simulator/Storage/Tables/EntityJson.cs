using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ServerlessAi.Simulator.Storage.Tables;

/// <summary>Rows as JSON of minimal metadata: what JSON cannot tell apart carries an <c>@odata.type</c>.</summary>
internal static class EntityJson
{
    private const string TypeSuffix = "@odata.type";
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Keys among the values; a null stands for an absent property.</summary>
    public static Dictionary<string, object> Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var values = new Dictionary<string, object>(StringComparer.Ordinal);
            foreach (var property in json.RootElement.EnumerateObject())
            {
                var isOurs = property.Name is "Timestamp" || property.Name.StartsWith("odata.", StringComparison.Ordinal) || property.Name.Contains('@', StringComparison.Ordinal);
                if (!isOurs && property.Value.ValueKind != JsonValueKind.Null)
                {
                    var type = json.RootElement.TryGetProperty(property.Name + TypeSuffix, out var annotation) ? annotation.GetString() : null;
                    values[property.Name] = Value(property.Value, type);
                }
            }

            return values;
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException or InvalidOperationException)
        {
            // Not JSON, or not a value of the type that it claims, such as an Int64 beyond its range.
            throw new ServiceErrorException(400, "InvalidInput", "An error occurred while processing this request.");
        }
    }

    public static void Write(Utf8JsonWriter json, StoredEntity entity, IReadOnlySet<string>? selected)
    {
        json.WriteStartObject();
        json.WriteString("odata.etag", entity.ETag);
        foreach (var name in entity.Properties.Keys.Prepend("Timestamp").Prepend("RowKey").Prepend("PartitionKey"))
        {
            if (selected?.Contains(name) != false)
            {
                WriteValue(json, name, entity.ValueOf(name)!);
            }
        }

        json.WriteEndObject();
    }

    public static byte[] ToBytes(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            write(json);
        }

        return buffer.ToArray();
    }

    private static object Value(JsonElement value, string? type) => type switch
    {
        "Edm.Int64" => long.Parse(value.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        "Edm.Int32" => value.GetInt32(),
        "Edm.Double" when value.ValueKind == JsonValueKind.String => double.Parse(value.GetString()!, CultureInfo.InvariantCulture),
        "Edm.Double" => value.GetDouble(),
        "Edm.Boolean" => value.GetBoolean(),
        "Edm.Guid" => Guid.Parse(value.GetString()!),
        "Edm.DateTime" => DateTimeOffset.Parse(value.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUniversalTime(),
        "Edm.Binary" => value.GetBytesFromBase64(),
        "Edm.String" => value.GetString()!,
        null => Untyped(value),
        _ => throw new FormatException(type),
    };

    private static object Untyped(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when value.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') => value.GetDouble(),
        JsonValueKind.Number => value.GetInt32(),
        _ => throw new FormatException("A property is neither text nor number nor truth."),
    };

    private static void WriteValue(Utf8JsonWriter json, string name, object value)
    {
        switch (value)
        {
            case string text:
                json.WriteString(name, text);
                break;
            case int number:
                json.WriteNumber(name, number);
                break;
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case double number when double.IsFinite(number):
                // The fraction tells a double from a whole number.
                var digits = number.ToString("R", CultureInfo.InvariantCulture);
                json.WritePropertyName(name);
                json.WriteRawValue(digits.AsSpan().ContainsAny('.', 'E') ? digits : digits + ".0");
                break;
            case double number:
                WriteTyped(json, name, "Edm.Double", number.ToString(CultureInfo.InvariantCulture));
                break;
            case long number:
                WriteTyped(json, name, "Edm.Int64", number.ToString(CultureInfo.InvariantCulture));
                break;
            case Guid id:
                WriteTyped(json, name, "Edm.Guid", id.ToString());
                break;
            case byte[] bytes:
                WriteTyped(json, name, "Edm.Binary", Convert.ToBase64String(bytes));
                break;
            case DateTimeOffset at when string.Equals(name, "Timestamp", StringComparison.Ordinal):
                json.WriteString(name, StoredEntity.Instant(at));
                break;
            case DateTimeOffset at:
                WriteTyped(json, name, "Edm.DateTime", StoredEntity.Instant(at));
                break;
            default:
                throw new NotSupportedException($"No row holds a {value.GetType()}.");
        }
    }

    private static void WriteTyped(Utf8JsonWriter json, string name, string type, string value)
    {
        json.WriteString(name + TypeSuffix, type);
        json.WriteString(name, value);
    }
}
