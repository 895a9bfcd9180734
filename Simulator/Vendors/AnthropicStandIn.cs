using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>Speaks Anthropic's Messages API, platform.claude.com/docs/en/api/messages, errors as in platform.claude.com/docs/en/api/errors.</summary>
public sealed class AnthropicStandIn : VendorStandIn
{
    public const string ApiKey = "sk-ant-standin-0123456789abcdef";

    private const string VersionHeader = "anthropic-version";
    private const string OldVersion = "2023-06-01";

    // The API takes no member that it does not document.
    private static readonly HashSet<string> Known =
    [
        "model", "max_tokens", "messages", "system", "tools", "tool_choice", "stop_sequences", "temperature", "top_p", "top_k", "output_config", "stream", "metadata", "thinking",
    ];

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

    /// <summary>A message in which a tool is called.</summary>
    public static Behaviour ToolCall(string name, object input) => Json(200, new
    {
        id = "msg_013Zva2CMHLNnXjNJJKqJ2EF",
        type = "message",
        role = "assistant",
        model = "claude-standin",
        content = new object[] { new { type = "tool_use", id = "toolu_01T1x1fJ34qAmk2tNTrN7Up6", name, input } },
        stop_reason = "tool_use",
        stop_sequence = (string?)null,
        usage = Usage(12, 8, cacheRead: 4),
    });

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request) => request switch
    {
        { Path: "/v1/messages" } when Problem(request) is null && request.Json["stream"]?.GetValue<bool>() == true => StreamOf(request).RunAsync(context),
        _ => AnswerOf(request).Run(context, () => Task.CompletedTask),
    };

    private static Behaviour AnswerOf(ReceivedRequest request) => request switch
    {
        not { Path: "/v1/messages" } => Error(404, "not_found_error", "Not found"),
        _ when Problem(request) is { } problem => Error(400, "invalid_request_error", problem),
        _ when ToolOf(request) is { } tool => ToolCall(tool, new { what = "foxes" }),
        _ => Message("Hello from the stand-in.", "end_turn", Usage(12, 8, cacheRead: 4)),
    };

    private static AnthropicStream StreamOf(ReceivedRequest request) =>
        ToolOf(request) is { } tool ? AnthropicStream.ToolCall(tool, "", "{\"what\": \"fo", "xes\"}") : AnthropicStream.Of("Hello from the stand-in.");

    // As long as there is one that has no result yet, it is called.
    private static string? ToolOf(ReceivedRequest request) =>
        request.Body.Contains("\"tool_result\"", StringComparison.Ordinal) ? null : request.Json["tools"]?[0]?["name"]?.GetValue<string>();

    private static string? Problem(ReceivedRequest request)
    {
        if (!request.Headers.ContainsKey(VersionHeader))
        {
            return "anthropic-version: header is required";
        }

        var body = request.Json.AsObject();
        var sampling = request.Headers[VersionHeader] is OldVersion ? [] : new[] { "temperature", "top_p", "top_k" };
        return sampling.FirstOrDefault(body.ContainsKey) is { } refused ? $"{refused}: Extra inputs are not permitted"
            : body.FirstOrDefault(member => !Known.Contains(member.Key)).Key is { } extra ? $"{extra}: Extra inputs are not permitted"
            : null;
    }
}
