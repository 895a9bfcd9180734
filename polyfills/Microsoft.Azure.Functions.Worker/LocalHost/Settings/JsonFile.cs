using System.Text.Json;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

internal static class JsonFile
{
    private static readonly JsonDocumentOptions s_options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static JsonDocument Read(string file)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(file), s_options);
        }
        catch (JsonException malformed)
        {
            throw new LocalHostException($"{file} is not valid JSON: {malformed.Message}", malformed);
        }
    }

    /// <summary>Names are matched without case, as the real host does.</summary>
    public static JsonElement? Find(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || Property(element, name) is not { } next)
            {
                return null;
            }

            element = next;
        }

        return element;
    }

    private static JsonElement? Property(JsonElement element, string name)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return property.Value;
            }
        }

        return null;
    }
}
