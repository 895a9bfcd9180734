using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Azure.Data.Tables.Entities;

/// <summary>Writes an entity as the service's JSON: a plain value where JSON has the type, else a string beside an <c>@odata.type</c> annotation.</summary>
internal static class EntityWriter
{
    private const string InstantFormat = "yyyy-MM-ddTHH:mm:ss.fffffffZ";

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
                WriteTyped(json, name, "Edm.Int64", number);
                break;
            case ulong number:
                WriteTyped(json, name, "Edm.Int64", number);
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
                WriteTyped(json, name, "Edm.Guid", id);
                break;
            case DateTimeOffset instant:
                WriteTyped(json, name, "Edm.DateTime", instant.UtcDateTime, InstantFormat);
                break;
            case DateTime instant:
                WriteTyped(json, name, "Edm.DateTime", RequireUtc(instant), InstantFormat);
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

    /// <summary>Text of at most 40 characters, whatever the type: the longest is a GUID.</summary>
    private static void WriteTyped<T>(Utf8JsonWriter json, string name, string type, T value, ReadOnlySpan<char> format = default)
        where T : ISpanFormattable
    {
        WriteAnnotation(json, name, type);
        Span<char> text = stackalloc char[40];
        value.TryFormat(text, out int length, format, CultureInfo.InvariantCulture);
        json.WriteString(name, text[..length]);
    }

    private static void WriteAnnotation(Utf8JsonWriter json, string name, string type)
    {
        // The service refuses names of more than 255 characters; longer ones are its to refuse.
        int length = name.Length + PropertyNames.TypeSuffix.Length;
        Span<char> annotation = length <= 300 ? stackalloc char[length] : new char[length];
        name.CopyTo(annotation);
        PropertyNames.TypeSuffix.CopyTo(annotation[name.Length..]);
        json.WriteString(annotation, type);
    }

    /// <summary>JSON has no NaN and no infinities: those three travel as text under the same annotation.</summary>
    private static void WriteDouble(Utf8JsonWriter json, string name, double number)
    {
        if (!double.IsFinite(number))
        {
            WriteTyped(json, name, "Edm.Double", number);
            return;
        }

        WriteAnnotation(json, name, "Edm.Double");
        json.WriteNumber(name, number);
    }

    private static void WriteBinary(Utf8JsonWriter json, string name, ReadOnlySpan<byte> bytes)
    {
        WriteAnnotation(json, name, "Edm.Binary");
        json.WriteBase64String(name, bytes);
    }

    private static DateTime RequireUtc(DateTime instant) => instant.Kind == DateTimeKind.Utc
        ? instant
        : throw new NotSupportedException($"DateTime {instant} has a Kind of {instant.Kind}. Azure SDK requires it to be UTC. " +
            "You can call DateTime.SpecifyKind to change Kind property value to DateTimeKind.Utc.");
}
