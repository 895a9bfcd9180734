using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Azure.Data.Tables.Entities;

/// <summary>Writes an entity as the service's JSON: a plain value where JSON has the type, else a string beside an <c>@odata.type</c> annotation.</summary>
internal static class EntityWriter
{
    // The body is JSON and nothing else, so only what JSON itself requires is escaped: text stays small.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    internal static void Write(IBufferWriter<byte> buffer, ITableEntity entity)
    {
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        if (entity is IDictionary<string, object> properties)
        {
            foreach ((string name, object value) in properties)
            {
                if (!PropertyNames.IsMaintainedByService(name))
                {
                    WriteProperty(json, name, value);
                }
            }
        }
        else
        {
            WriteProperty(json, PropertyNames.PartitionKey, entity.PartitionKey);
            WriteProperty(json, PropertyNames.RowKey, entity.RowKey);
            foreach (EntityMember member in EntityShape.Of(entity.GetType()).Members)
            {
                WriteProperty(json, member.Name, member.Get(entity));
            }
        }

        json.WriteEndObject();
    }

    private static void WriteProperty(Utf8JsonWriter json, string name, object value)
    {
        switch (value)
        {
            case null:
                // A table has no null: an absent property and a null one are the same.
                break;
            case string text:
                json.WriteString(name, text);
                break;
            case int number:
                json.WriteNumber(name, number);
                break;
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case long number:
                WriteTyped(json, name, "Edm.Int64", number.ToString(CultureInfo.InvariantCulture));
                break;
            case ulong number:
                WriteTyped(json, name, "Edm.Int64", number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                WriteDouble(json, name, number);
                break;
            case float number:
                json.WriteNumber(name, number);
                break;
            case decimal number:
                json.WriteNumber(name, number);
                break;
            case Guid id:
                WriteTyped(json, name, "Edm.Guid", id.ToString());
                break;
            case DateTimeOffset instant:
                WriteTyped(json, name, "Edm.DateTime", Format(instant.UtcDateTime));
                break;
            case DateTime instant:
                WriteTyped(json, name, "Edm.DateTime", Format(RequireUtc(instant)));
                break;
            case byte[] bytes:
                WriteBinary(json, name, bytes);
                break;
            case BinaryData data:
                WriteBinary(json, name, data.ToMemory().Span);
                break;
            case Enum choice:
                json.WriteString(name, choice.ToString());
                break;
            default:
                throw new NotSupportedException($"Not supported type {value.GetType()}");
        }
    }

    private static void WriteTyped(Utf8JsonWriter json, string name, string type, string value)
    {
        json.WriteString(name + PropertyNames.TypeSuffix, type);
        json.WriteString(name, value);
    }

    /// <summary>JSON has no NaN and no infinities: those three travel as text under the same annotation.</summary>
    private static void WriteDouble(Utf8JsonWriter json, string name, double number)
    {
        if (!double.IsFinite(number))
        {
            WriteTyped(json, name, "Edm.Double", number.ToString(CultureInfo.InvariantCulture));
            return;
        }

        json.WriteString(name + PropertyNames.TypeSuffix, "Edm.Double");
        json.WriteNumber(name, number);
    }

    private static void WriteBinary(Utf8JsonWriter json, string name, ReadOnlySpan<byte> bytes)
    {
        json.WriteString(name + PropertyNames.TypeSuffix, "Edm.Binary");
        json.WriteBase64String(name, bytes);
    }

    private static string Format(DateTime utc) => utc.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    private static DateTime RequireUtc(DateTime instant) => instant.Kind == DateTimeKind.Utc
        ? instant
        : throw new NotSupportedException($"DateTime {instant} has a Kind of {instant.Kind}. Azure SDK requires it to be UTC. " +
            "You can call DateTime.SpecifyKind to change Kind property value to DateTimeKind.Utc.");
}
