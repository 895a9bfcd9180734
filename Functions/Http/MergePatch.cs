using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>Changes by JSON Merge Patch (RFC 7396): what is absent stays, an object is merged, <c>null</c> takes away.</summary>
internal static class MergePatch
{
    // As bodies that are read at once: a name given twice is a mistake, and nothing is nested deeper than this.
    private static readonly JsonDocumentOptions Reading = new() { AllowDuplicateProperties = false, MaxDepth = Wire.Json.MaxDepth };

    /// <summary>Reads the body of a change.</summary>
    public static Task<Answer<JsonObject>> ReadAsync(HttpRequest http, CancellationToken cancellationToken) =>
        http.ReadAsync(body => JsonNode.Parse(body.Span, documentOptions: Reading) as JsonObject, cancellationToken);

    /// <summary>The value with the patch applied; what it leads to must have no unknown members.</summary>
    public static Answer<T> Apply<T>(T value, JsonObject patch, JsonSerializerOptions options)
    {
        try
        {
            var merged = Merge(JsonSerializer.SerializeToNode(value, options), patch);
            return merged.Deserialize<T>(options) is { } next ? next : Refusal.Invalid("The body must be a JSON object.");
        }
        catch (JsonException exception)
        {
            return Refusal.Invalid(exception.Path is { Length: > 0 } path ? $"The body does not fit at '{path}'." : "The body does not fit.");
        }
    }

    private static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject members)
        {
            return patch?.DeepClone();
        }

        var merged = target as JsonObject ?? [];
        foreach (var (name, value) in members)
        {
            if (value is null)
            {
                merged.Remove(name);
            }
            else
            {
                merged[name] = Merge(merged[name], value);
            }
        }

        return merged;
    }
}
