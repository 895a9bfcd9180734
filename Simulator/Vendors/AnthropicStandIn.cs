using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>Speaks Anthropic's Messages API, platform.claude.com/docs/en/api/messages, errors as in platform.claude.com/docs/en/api/errors.</summary>
public sealed class AnthropicStandIn : VendorStandIn
{
    public const string ApiKey = "sk-ant-standin-0123456789abcdef";

    private const string VersionHeader = "anthropic-version";
    private const string OldVersion = "2023-06-01";

    protected override Behaviour Unauthorized => Error(401, "authentication_error", "invalid x-api-key");

    /// <summary>An answer without usage.</summary>
    public static Behaviour MissingUsage { get; } = Message("Hello.", "end_turn", usage: null);

    public static Task<AnthropicStandIn> StartAsync() => StartAsync(new AnthropicStandIn());

    /// <summary>The documented error object.</summary>
    public static Behaviour Error(int status, string type, string message) =>
        Json(status, new { type = "error", error = new { type, message }, request_id = "req_011CSHoEeqs5C35K2UUqR7Fy" });

    /// <summary>A message of one text, after a thought as extended thinking gives it.</summary>
    public static Behaviour Message(string? text, string stopReason, object? usage) => Json(200, new
    {
        id = "msg_013Zva2CMHLNnXjNJJKqJ2EF",
        type = "message",
        role = "assistant",
        model = "claude-standin",
        content = text is null ? [] : new object[] { new { type = "thinking", thinking = "Hm.", signature = "c2ln" }, new { type = "text", text, citations = (object?)null } },
        stop_reason = stopReason,
        stop_sequence = (string?)null,
        usage,
    });

    /// <summary>Usage with everything the vendor reports.</summary>
    public static object Usage(long input, long output, long cacheRead = 0, long cacheWritten = 0) => new
    {
        input_tokens = input,
        cache_creation_input_tokens = cacheWritten,
        cache_read_input_tokens = cacheRead,
        cache_creation = new { ephemeral_5m_input_tokens = cacheWritten, ephemeral_1h_input_tokens = 0 },
        output_tokens = output,
        service_tier = "standard",
    };

    protected override string? ModelOf(ReceivedRequest request) =>
        request is { Method: "POST", Path: "/v1/messages" } ? request.Json["model"]?.GetValue<string>() ?? "" : null;

    protected override bool IsAuthorized(ReceivedRequest request) =>
        request.Headers.GetValueOrDefault("Authorization") is "Bearer " + ApiKey || request.Headers.GetValueOrDefault("x-api-key") is ApiKey;

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request) => (request switch
    {
        not { Path: "/v1/messages" } => Error(404, "not_found_error", "Not found"),
        _ when !request.Headers.ContainsKey(VersionHeader) => Error(400, "invalid_request_error", "anthropic-version: header is required"),
        _ when request.Headers[VersionHeader] is not OldVersion && request.Json["temperature"] is not null =>
            Error(400, "invalid_request_error", "temperature: Extra inputs are not permitted"),
        _ => Message("Hello from the stand-in.", "end_turn", Usage(12, 8, cacheRead: 4)),
    }).Run(context, () => Task.CompletedTask);
}
