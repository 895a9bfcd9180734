using System.Text.Json;

namespace ServerlessAi.Providers;

/// <summary>
/// Reads fal.ai's two error forms: what a model refuses is a list, <c>{"detail":[{"loc","msg","type"}]}</c>; what its platform cannot do is a sentence,
/// <c>{"detail":"...","error_type":"request_timeout"}</c>.
/// </summary>
/// <remarks>fal.ai/docs/documentation/model-apis/errors and .../request-errors; a wrong key and an exhausted balance are sentences too (401, 403).</remarks>
internal static class FalErrors
{
    public static ProviderOutcome<T> Read<T>(int status, byte[]? body, string? key, TimeSpan? retryAfter)
    {
        var (type, message) = Parse(body);
        var failure = type is "content_policy_violation" ? ProviderFailure.ContentRefused : VendorErrors.FromStatus(status);
        return ProviderOutcome<T>.Failed(failure, VendorErrors.Shorten(message, key) ?? type ?? $"HTTP {status}.", retryAfter);
    }

    private static (string? Type, string? Message) Parse(byte[]? body)
    {
        try
        {
            using var json = JsonDocument.Parse(body ?? []);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("detail", out var detail))
            {
                return (null, null);
            }

            return detail.ValueKind switch
            {
                JsonValueKind.String => (JsonText.Of(json.RootElement, "error_type"), detail.GetString()),
                JsonValueKind.Array when detail.GetArrayLength() > 0 && detail[0].ValueKind == JsonValueKind.Object => (JsonText.Of(detail[0], "type"), JsonText.Of(detail[0], "msg")),
                _ => (null, null),
            };
        }
        catch (JsonException)
        {
            // A proxy's page instead of JSON: the status alone counts.
            return (null, null);
        }
    }
}
