using System.Text.Json;

namespace ServerlessAi.Providers;

/// <summary>Reads OpenAI's error object, <c>{"error":{"message","type","param","code"}}</c>, and what servers that imitate its API put in its place.</summary>
/// <remarks>
/// platform.openai.com/docs/guides/error-codes. Azure's content filter answers 400 with the code <c>content_filter</c>; image models answer 400 with
/// <c>content_policy_violation</c> or <c>moderation_blocked</c>; a spent budget is 400 <c>billing_hard_limit_reached</c> at the images endpoint.
/// Gemini wraps the object in a list, has a number as code and the meaning in <c>status</c> and <c>details</c>, a wrong key being 400
/// (cloud.google.com/apis/design/errors). Mistral and vLLM leave the <c>error</c> around the members out; Mistral lists what does not validate in
/// <c>detail</c> (docs.mistral.ai/api). Groq answers 498 when its flexible tier is full (console.groq.com/docs/errors). DeepSeek's filter has a sentence and no code of its own
/// (deepseek-ai/awesome-deepseek-integration issue 13). Ollama's error is a sentence.
/// </remarks>
internal static class OpenAIErrors
{
    private const int GroqCapacityExceeded = 498;
    private const string DeepSeekFilter = "Content Exists Risk";

    private sealed record VendorError(string? Code, string? Type, string? Message)
    {
        public TimeSpan? Wait { get; init; }
    }

    public static ProviderOutcome<T> Read<T>(int status, byte[]? body, string? key, TimeSpan? retryAfter)
    {
        var error = Parse(body);
        return ProviderOutcome<T>.Failed(
            string.Equals(error.Message, DeepSeekFilter, StringComparison.OrdinalIgnoreCase) && status < 500 ? ProviderFailure.ContentRefused : Map(status, error.Code, error.Type),
            VendorErrors.Shorten(error.Message, key) ?? error.Code ?? $"HTTP {status}.", retryAfter ?? error.Wait);
    }

    private static ProviderFailure Map(int status, string? code, string? type) => (status, code ?? type) switch
    {
        ( < 500, "content_policy_violation" or "moderation_blocked" or "content_filter") => ProviderFailure.ContentRefused,
        ( < 500, "insufficient_quota" or "billing_hard_limit_reached" or "rate_limit_exceeded") => ProviderFailure.RateLimited,
        ( < 500, "model_not_found" or "DeploymentNotFound") => ProviderFailure.ModelNotFound,
        ( < 500, "API_KEY_INVALID") => ProviderFailure.Unauthorized,
        ( >= 500, "overloaded_error" or "server_overloaded") or (GroqCapacityExceeded, _) => ProviderFailure.Overloaded,
        _ => VendorErrors.FromStatus(status),
    };

    // A proxy in between may answer with a page; then the status alone counts.
    private static VendorError Parse(byte[]? body)
    {
        try
        {
            using var json = JsonDocument.Parse(body ?? []);
            var root = json.RootElement is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0 ? list[0] : json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return new VendorError(Code: null, Type: null, Message: null);
            }

            var error = root.TryGetProperty("error", out var inner) ? inner : root;
            return error.ValueKind == JsonValueKind.Object ? Members(error) : new VendorError(Code: null, Type: null, error.ToString());
        }
        catch (JsonException)
        {
            return new VendorError(Code: null, Type: null, Message: null);
        }
    }

    private static VendorError Members(JsonElement error)
    {
        var details = Items(error, "details");
        var invalid = Items(error, "detail") is [{ ValueKind: JsonValueKind.Object } first, ..] ? JsonText.Of(first, "msg") : JsonText.Of(error, "detail");
        var reason = details.Select(detail => JsonText.Of(detail, "reason")).FirstOrDefault(text => text is not null);
        return new VendorError(JsonText.Of(error, "code") ?? reason, JsonText.Of(error, "type"), JsonText.Of(error, "message") ?? invalid)
        {
            Wait = details.Select(detail => RateLimits.Duration(JsonText.Of(detail, "retryDelay"))).FirstOrDefault(wait => wait is not null),
        };
    }

    private static JsonElement[] Items(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];
}
