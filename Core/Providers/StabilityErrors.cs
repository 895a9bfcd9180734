using System.Text.Json;

namespace ServerlessAi.Providers;

/// <summary>Reads Stability AI's errors, <c>{"id","name","errors":["..."]}</c>.</summary>
/// <remarks>platform.stability.ai/docs/api-reference: 403 is what its moderation refuses, a wrong key 401, a spent balance 402, too many requests 429.</remarks>
internal static class StabilityErrors
{
    public static ProviderOutcome<T> Read<T>(int status, byte[]? body, string? key, TimeSpan? retryAfter)
    {
        var (name, message) = Parse(body);
        var failure = name is "content_moderation" ? ProviderFailure.ContentRefused : VendorErrors.FromStatus(status);
        return ProviderOutcome<T>.Failed(failure, VendorErrors.Shorten(message, key) ?? name ?? $"HTTP {status}.", retryAfter);
    }

    private static (string? Name, string? Message) Parse(byte[]? body)
    {
        try
        {
            using var json = JsonDocument.Parse(body ?? []);
            var messages = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array
                ? string.Join(' ', errors.EnumerateArray().Select(error => error.ToString()))
                : null;
            return (JsonText.Of(json.RootElement, "name"), messages);
        }
        catch (JsonException)
        {
            // A proxy's page instead of JSON: the status alone counts.
            return (null, null);
        }
    }
}
