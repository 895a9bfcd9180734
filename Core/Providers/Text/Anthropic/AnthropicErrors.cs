using System.Text.Json;

namespace ServerlessAi.Providers.Text;

/// <summary>Reads Anthropic's error object, <c>{"type":"error","error":{"type","message"}}</c>. Its type counts; the status where there is none.</summary>
/// <remarks>platform.claude.com/docs/en/api/errors. A spent budget is 402 <c>billing_error</c>, or 400 with words about the credit balance.</remarks>
internal static class AnthropicErrors
{
    public static ProviderOutcome<T> Read<T>(int status, byte[]? body, string? key, TimeSpan? retryAfter)
    {
        var (type, message) = Parse(body);
        var failure = type switch
        {
            "overloaded_error" => ProviderFailure.Overloaded,
            "rate_limit_error" or "billing_error" => ProviderFailure.RateLimited,
            "authentication_error" or "permission_error" => ProviderFailure.Unauthorized,
            "not_found_error" => ProviderFailure.ModelNotFound,
            "timeout_error" => ProviderFailure.Timeout,
            "api_error" => ProviderFailure.Unavailable,
            "invalid_request_error" when message?.Contains("credit balance is too low", StringComparison.OrdinalIgnoreCase) == true => ProviderFailure.RateLimited,
            "invalid_request_error" or "request_too_large" => ProviderFailure.InvalidRequest,
            _ => VendorErrors.FromStatus(status),
        };
        return ProviderOutcome<T>.Failed(failure, VendorErrors.Shorten(message, key) ?? type ?? $"HTTP {status}.", retryAfter);
    }

    private static (string? Type, string? Message) Parse(byte[]? body)
    {
        try
        {
            using var json = JsonDocument.Parse(body ?? []);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var error)
                ? (JsonText.Of(error, "type"), JsonText.Of(error, "message"))
                : (null, null);
        }
        catch (JsonException)
        {
            // A proxy's page instead of JSON: the status alone counts.
            return (null, null);
        }
    }
}
