using System.Text.Json;

namespace ServerlessAi.Providers;

/// <summary>Reads OpenAI's error object, <c>{"error":{"message","type","param","code"}}</c>, which compatible servers and Azure use too.</summary>
/// <remarks>
/// platform.openai.com/docs/guides/error-codes. Azure's content filter answers 400 with the code <c>content_filter</c>; image models answer 400 with
/// <c>content_policy_violation</c> or <c>moderation_blocked</c>; a spent budget is 400 <c>billing_hard_limit_reached</c> at the images endpoint.
/// </remarks>
internal static class OpenAIErrors
{
    public static ProviderOutcome<T> Read<T>(int status, byte[]? body, string? key)
    {
        var (code, type, message) = Parse(body);
        return ProviderOutcome<T>.Failed(Map(status, code, type), VendorErrors.Shorten(message, key) ?? code ?? $"HTTP {status}.");
    }

    private static ProviderFailure Map(int status, string? code, string? type) => (status, code ?? type) switch
    {
        ( < 500, "content_policy_violation" or "moderation_blocked" or "content_filter") => ProviderFailure.ContentRefused,
        ( < 500, "insufficient_quota" or "billing_hard_limit_reached" or "rate_limit_exceeded") => ProviderFailure.RateLimited,
        ( < 500, "model_not_found" or "DeploymentNotFound") => ProviderFailure.ModelNotFound,
        ( >= 500, "overloaded_error" or "server_overloaded") => ProviderFailure.Overloaded,
        _ => VendorErrors.FromStatus(status),
    };

    // A proxy in between may answer with a page; then the status alone counts.
    private static (string? Code, string? Type, string? Message) Parse(byte[]? body)
    {
        try
        {
            using var json = JsonDocument.Parse(body ?? []);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var error)
                ? error.ValueKind == JsonValueKind.Object ? (Text(error, "code"), Text(error, "type"), Text(error, "message")) : (null, null, error.ToString())
                : (null, null, null);
        }
        catch (JsonException)
        {
            return (null, null, null);
        }
    }

    private static string? Text(JsonElement error, string name) =>
        error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
