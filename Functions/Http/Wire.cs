using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ServerlessAi.Functions.Http;

/// <summary>How bodies are read and written: camelCase, enums by name, nulls left out, no duplicate keys, at most 16 levels deep.</summary>
public static class Wire
{
    public static readonly JsonSerializerOptions Json = Make();

    /// <summary>For admin bodies, in which a misspelt field must not pass unnoticed.</summary>
    public static readonly JsonSerializerOptions Strict = new(Json) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    /// <summary>For the routes whose contracts have names in snake_case.</summary>
    public static readonly JsonSerializerOptions Snake = new(Json) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DictionaryKeyPolicy = null };

    /// <inheritdoc cref="Strict"/>
    public static readonly JsonSerializerOptions StrictSnake = new(Snake) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = true;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.AllowDuplicateProperties = false;
        options.MaxDepth = 16;
        // Answers are JSON, not HTML: an apostrophe may stay one.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new EnumNames());
    }

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Configure(options);
        return options;
    }
}
