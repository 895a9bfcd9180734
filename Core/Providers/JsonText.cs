using System.Text.Json;

namespace ServerlessAi.Providers;

/// <summary>Reads members of answers that may be anything.</summary>
internal static class JsonText
{
    /// <summary>The member's text; null when there is none, or it is no text.</summary>
    public static string? Of(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
