using System.Text.Json;
using System.Text.Json.Serialization;

namespace ServerlessAi.Storage;

/// <summary>How records are kept in rows. Nulls are left out; a record's own initial values stand for what a row lacks.</summary>
/// <remarks>By reflection on purpose: generated readers overwrite init properties that are absent with the type's default.</remarks>
public static class StoredJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <exception cref="JsonException">Not the JSON of a <typeparamref name="T"/>.</exception>
    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException($"Expected a {typeof(T).Name}, found null.");

    /// <inheritdoc cref="Read{T}(string)"/>
    public static T Read<T>(Stream json) => JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException($"Expected a {typeof(T).Name}, found null.");
}
