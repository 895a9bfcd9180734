using ServerlessAi.Providers;
using ServerlessAi.Simulator.Vendors;
using static ServerlessAi.Simulator.Vendors.CompatibleStandIn;

namespace ServerlessAi.Tests.Providers.VendorTable;

/// <summary>The documented error classes of vendors of text, each in its own shape; OpenAI's are those of its images and embeddings too.</summary>
/// <remarks>
/// platform.openai.com/docs/guides/error-codes; learn.microsoft.com, "Azure OpenAI content filtering"; platform.claude.com/docs/en/api/errors;
/// ai.google.dev/gemini-api/docs/troubleshooting; docs.mistral.ai/api; api-docs.deepseek.com/quick_start/error_codes; console.groq.com/docs/errors.
/// </remarks>
internal static class TextTroubles
{
    public static IReadOnlyList<Trouble> OpenAI { get; } =
    [
        new("invalid request", "400", OpenAIStandIn.Error(400, "invalid_request_error", code: null, "Invalid."), ProviderFailure.InvalidRequest),
        new("unauthorized", "401 invalid_api_key", OpenAIStandIn.Error(401, "invalid_request_error", "invalid_api_key", "Wrong key."), ProviderFailure.Unauthorized),
        new("country not allowed", "403", OpenAIStandIn.Error(403, "request_forbidden", "unsupported_country_region_territory", "No."), ProviderFailure.Unauthorized),
        new("model not found", "404 model_not_found", OpenAIStandIn.Error(404, "invalid_request_error", "model_not_found", "No model."), ProviderFailure.ModelNotFound),
        new("content refused", "400 content_policy_violation", OpenAIStandIn.Error(400, "invalid_request_error", "content_policy_violation", "No."), ProviderFailure.ContentRefused),
        new("rate limit", "429, retry-after-ms: 1500", OpenAIStandIn.Error(429, "requests", "rate_limit_exceeded", "Slow.").With("retry-after-ms", "1500"), ProviderFailure.RateLimited) { RetryAfter = 1.5 },
        new(
            "rate limit used up", "429, reset-requests: 6m0s",
            OpenAIStandIn.Error(429, "requests", "rate_limit_exceeded", "Slow.").With("x-ratelimit-remaining-requests", "0").With("x-ratelimit-reset-requests", "6m0s"),
            ProviderFailure.RateLimited) { RetryAfter = 360 },
        new("budget spent", "429 insufficient_quota", OpenAIStandIn.Error(429, "insufficient_quota", "insufficient_quota", "Spent."), ProviderFailure.RateLimited),
        new("overloaded", "503, Retry-After: 4", OpenAIStandIn.Error(503, "server_error", code: null, "Overloaded.").With("Retry-After", "4"), ProviderFailure.Overloaded) { RetryAfter = 4 },
        new("server error", "500", OpenAIStandIn.Error(500, "server_error", code: null, "Error."), ProviderFailure.Unavailable),
    ];

    public static IReadOnlyList<Trouble> Azure { get; } =
    [
        new("invalid request", "400", OpenAIStandIn.Error(400, "invalid_request_error", "BadRequest", "Invalid."), ProviderFailure.InvalidRequest),
        new("unauthorized", "401", OpenAIStandIn.Error(401, "", "401", "Access denied due to invalid subscription key."), ProviderFailure.Unauthorized),
        new("model not found", "404 DeploymentNotFound", OpenAIStandIn.Error(404, "", "DeploymentNotFound", "No deployment."), ProviderFailure.ModelNotFound),
        new("content refused", "400 content_filter", OpenAIStandIn.Error(400, "", "content_filter", "Filtered."), ProviderFailure.ContentRefused),
        new("rate limit", "429, retry-after: 17", OpenAIStandIn.Error(429, "", "429", "Exceeded.").With("Retry-After", "17"), ProviderFailure.RateLimited) { RetryAfter = 17 },
        new("overloaded", "503", OpenAIStandIn.Error(503, "", "ServiceUnavailable", "Busy."), ProviderFailure.Overloaded),
        new("server error", "500", OpenAIStandIn.Error(500, "", "InternalServerError", "Error."), ProviderFailure.Unavailable),
    ];

    public static IReadOnlyList<Trouble> Anthropic { get; } =
    [
        new("invalid request", "400 invalid_request_error", AnthropicStandIn.Error(400, "invalid_request_error", "Invalid."), ProviderFailure.InvalidRequest),
        new("unauthorized", "401 authentication_error", AnthropicStandIn.Error(401, "authentication_error", "Wrong key."), ProviderFailure.Unauthorized),
        new("not permitted", "403 permission_error", AnthropicStandIn.Error(403, "permission_error", "No."), ProviderFailure.Unauthorized),
        new("model not found", "404 not_found_error", AnthropicStandIn.Error(404, "not_found_error", "No model."), ProviderFailure.ModelNotFound),
        new("content refused", "stop_reason refusal", AnthropicStandIn.Message(text: null, "refusal", AnthropicStandIn.Usage(10, 0)), ProviderFailure.ContentRefused),
        new("rate limit", "429, retry-after: 30", AnthropicStandIn.Error(429, "rate_limit_error", "Slow.").With("Retry-After", "30"), ProviderFailure.RateLimited) { RetryAfter = 30 },
        new("budget spent", "402 billing_error", AnthropicStandIn.Error(402, "billing_error", "Spent."), ProviderFailure.RateLimited),
        new("overloaded", "529 overloaded_error", AnthropicStandIn.Error(529, "overloaded_error", "Overloaded."), ProviderFailure.Overloaded),
        new("server error", "500 api_error", AnthropicStandIn.Error(500, "api_error", "Error."), ProviderFailure.Unavailable),
        new("the vendor's own timeout", "504 timeout_error", AnthropicStandIn.Error(504, "timeout_error", "Timeout."), ProviderFailure.Timeout),
    ];

    public static IReadOnlyList<Trouble> Gemini { get; } =
    [
        new("invalid request", "400 INVALID_ARGUMENT", GeminiError(400, "INVALID_ARGUMENT", "Invalid."), ProviderFailure.InvalidRequest),
        new("unauthorized", "400 API_KEY_INVALID", GeminiError(400, "INVALID_ARGUMENT", "Wrong key.", new { reason = "API_KEY_INVALID" }), ProviderFailure.Unauthorized),
        new("not permitted", "403 PERMISSION_DENIED", GeminiError(403, "PERMISSION_DENIED", "No."), ProviderFailure.Unauthorized),
        new("model not found", "404 NOT_FOUND", GeminiError(404, "NOT_FOUND", "No model."), ProviderFailure.ModelNotFound),
        new("content refused", "finish_reason SAFETY", Chat(content: null, new { prompt_tokens = 9, total_tokens = 9 }, "SAFETY"), ProviderFailure.ContentRefused),
        new("content refused, otherwise named", "content_filter: PROHIBITED_CONTENT", Chat(content: null, usage: null, "content_filter: PROHIBITED_CONTENT"), ProviderFailure.ContentRefused),
        new("rate limit", "429, retryDelay: 34.07s", GeminiError(429, "RESOURCE_EXHAUSTED", "Quota.", new { retryDelay = "34.07s" }), ProviderFailure.RateLimited) { RetryAfter = 34.07 },
        new("overloaded", "503 UNAVAILABLE", GeminiError(503, "UNAVAILABLE", "Overloaded."), ProviderFailure.Overloaded),
        new("server error", "500 INTERNAL", GeminiError(500, "INTERNAL", "Error."), ProviderFailure.Unavailable),
    ];

    public static IReadOnlyList<Trouble> Mistral { get; } =
    [
        new("invalid request", "422 detail[]", MistralInvalid, ProviderFailure.InvalidRequest),
        new("unauthorized", "401", MistralError(401, "Unauthorized"), ProviderFailure.Unauthorized),
        new("model not found", "404", MistralError(404, "No model."), ProviderFailure.ModelNotFound),
        new("rate limit", "429, Retry-After: 2", MistralError(429, "Slow.").With("Retry-After", "2"), ProviderFailure.RateLimited) { RetryAfter = 2 },
        new("overloaded", "503", MistralError(503, "Busy."), ProviderFailure.Overloaded),
        new("server error", "500", MistralError(500, "Error."), ProviderFailure.Unavailable),
    ];

    public static IReadOnlyList<Trouble> DeepSeek { get; } =
    [
        new("invalid request", "400", Error(400, "invalid_request_error", "invalid_request_error", "Invalid."), ProviderFailure.InvalidRequest),
        new("invalid parameters", "422", Error(422, "invalid_request_error", "invalid_request_error", "Invalid."), ProviderFailure.InvalidRequest),
        new("unauthorized", "401", Error(401, "authentication_error", "invalid_request_error", "Wrong key."), ProviderFailure.Unauthorized),
        new("model not found", "404", Error(404, "invalid_request_error", "model_not_found", "No model."), ProviderFailure.ModelNotFound),
        new("content refused", "400 Content Exists Risk", Error(400, "invalid_request_error", "invalid_request_error", "Content Exists Risk"), ProviderFailure.ContentRefused),
        new("content refused in the answer", "finish_reason content_filter", Chat("", usage: null, "content_filter"), ProviderFailure.ContentRefused),
        new("rate limit", "429", Error(429, "rate_limit_error", code: null, "Slow."), ProviderFailure.RateLimited),
        new("budget spent", "402 Insufficient Balance", Error(402, "unknown_error", "invalid_request_error", "Insufficient Balance"), ProviderFailure.RateLimited),
        new("overloaded", "503", Error(503, "server_error", code: null, "Overloaded."), ProviderFailure.Overloaded),
        new("server error", "500", Error(500, "server_error", code: null, "Error."), ProviderFailure.Unavailable),
    ];

    public static IReadOnlyList<Trouble> Groq { get; } =
    [
        new("invalid request", "400", Error(400, "invalid_request_error", code: null, "Invalid."), ProviderFailure.InvalidRequest),
        new("unauthorized", "401 invalid_api_key", Error(401, "invalid_request_error", "invalid_api_key", "Wrong key."), ProviderFailure.Unauthorized),
        new("model not found", "404 model_not_found", Error(404, "invalid_request_error", "model_not_found", "No model."), ProviderFailure.ModelNotFound),
        new("rate limit", "429, retry-after: 7", Error(429, "tokens", "rate_limit_exceeded", "Slow.").With("Retry-After", "7"), ProviderFailure.RateLimited) { RetryAfter = 7 },
        new("too large for the limit", "413 rate_limit_exceeded", Error(413, "tokens", "rate_limit_exceeded", "Too large."), ProviderFailure.RateLimited),
        new("overloaded", "498", Error(498, "service_unavailable", code: null, "Flex tier capacity exceeded."), ProviderFailure.Overloaded),
        new("server error", "500", Error(500, "internal_server_error", code: null, "Error."), ProviderFailure.Unavailable),
    ];
}
