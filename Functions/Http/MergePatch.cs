using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>Changes by JSON Merge Patch (RFC 7396): what is absent stays, an object is merged, <c>null</c> takes away.</summary>
internal static class MergePatch
{
    /// <summary>Reads the body of a change.</summary>
    public static async Task<Answer<JsonObject>> ReadAsync(HttpRequest http, CancellationToken cancellationToken)
    {
        var patch = await http.ReadAsync(Parse, cancellationToken);
        return patch.Succeeded && patch.Value is null ? Refusal.Invalid("The body must be a JSON object.") : patch;
    }

    // A member given twice: nodes are read lazily, and say so by an exception that is not the serializer's.
    private static JsonObject? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            var patch = JsonSerializer.Deserialize<JsonObject>(body.Span, Wire.Json);
            _ = patch?.Count;
            return patch;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            throw new JsonException("A member is given twice.", exception);
        }
    }

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
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // Given twice, deeper down.
            return Refusal.Invalid("The body names a member twice.");
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
