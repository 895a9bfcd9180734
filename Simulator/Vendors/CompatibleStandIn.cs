using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>
/// A server that imitates OpenAI's chat completions, and what the well-known ones answer differently: Gemini (ai.google.dev/gemini-api/docs/openai), Mistral
/// (docs.mistral.ai/api), DeepSeek (api-docs.deepseek.com), Groq (console.groq.com/docs/openai).
/// </summary>
public sealed class CompatibleStandIn : VendorStandIn
{
    public const string ApiKey = "key-standin-0123456789abcdef";

    protected override Behaviour Unauthorized => MistralError(401, "Unauthorized");

    /// <summary>Where an adapter is pointed to.</summary>
    public string Address => BaseUrl + "/v1";

    public static Task<CompatibleStandIn> StartAsync() => StartAsync(new CompatibleStandIn());

    /// <summary>A completion with content and usage of any shape, and members that OpenAI does not have.</summary>
    public static Behaviour Chat(object? content, object? usage, string finishReason = "stop") => Json(200, new
    {
        id = "cmpl-e5cc70bb28c444948073e77776eb30ef",
        @object = "chat.completion",
        created = 1_760_000_000,
        model = "standin",
        choices = new[] { new { index = 0, message = new { role = "assistant", content, reasoning_content = "Hm.", tool_calls = (object?)null }, finish_reason = finishReason } },
        usage,
        x_groq = new { id = "req_01" },
        service_tier = "on_demand",
    });

    /// <summary>Gemini does not count thoughts as completion, only in the total.</summary>
    public static Behaviour GeminiThought { get; } = Chat("Hello.", new { prompt_tokens = 21, completion_tokens = 5, total_tokens = 86 });

    /// <summary>DeepSeek has cached input in members of its own.</summary>
    public static Behaviour DeepSeekCached { get; } = Chat("Hello.", new
    {
        prompt_tokens = 100,
        completion_tokens = 20,
        total_tokens = 120,
        prompt_cache_hit_tokens = 64,
        prompt_cache_miss_tokens = 36,
        completion_tokens_details = new { reasoning_tokens = 7 },
    });

    /// <summary>Groq adds times, which are no whole numbers.</summary>
    public static Behaviour GroqTimed { get; } = Chat(
        "Hello.", new { queue_time = 0.037493756, prompt_tokens = 18, prompt_time = 0.000680594, completion_tokens = 5, completion_time = 0.463333333, total_tokens = 23, total_time = 0.464013927 });

    /// <summary>Mistral's reasoning models answer in parts.</summary>
    public static Behaviour MistralParts { get; } = Chat(
        new object[] { new { type = "thinking", thinking = new[] { new { type = "text", text = "Hm." } } }, new { type = "text", text = "Hello." } },
        new { prompt_tokens = 4, completion_tokens = 9, total_tokens = 13 });

    /// <summary>Gemini's error: in a list, with a number as code.</summary>
    public static Behaviour GeminiError(int status, string meaning, string message, params object[] details) =>
        Json(status, new[] { new { error = new { code = status, message, status = meaning, details } } });

    public static Behaviour MistralError(int status, string message) => Json(status, new { @object = "error", message, type = "invalid_request_error", param = (string?)null, code = (string?)null });

    /// <summary>What Mistral's validation says, which knows no member that is not documented.</summary>
    public static Behaviour MistralInvalid { get; } = Json(
        422, new { detail = new[] { new { type = "extra_forbidden", loc = new[] { "body", "max_completion_tokens" }, msg = "Extra inputs are not permitted", input = 100 } } });

    public static Behaviour Error(int status, string? type, string? code, string message) => Json(status, new { error = new { message, type, code } });

    protected override string? ModelOf(ReceivedRequest request) =>
        string.Equals(request.Method, "POST", StringComparison.Ordinal) ? request.Json["model"]?.GetValue<string>() ?? "" : null;

    protected override bool IsAuthorized(ReceivedRequest request) => request.Headers.GetValueOrDefault("Authorization") is "Bearer " + ApiKey;

    /// <summary>A stream whose last chunk with a choice has the usage too, whether or not anybody asked for it, as Mistral's have.</summary>
    public static OpenAIStream Stream { get; } = OpenAIStream.Of("Hello from the stand-in.", new StandInUsage(Cached: 0, Reasoning: 0)) with { UsageInLastChoice = true };

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request)
    {
        if (request.Path is not "/v1/chat/completions")
        {
            return Error(404, "invalid_request_error", code: null, $"Unknown request URL: {request.Path}.").Run(context, () => Task.CompletedTask);
        }

        var tool = request.Body.Contains("\"role\":\"tool\"", StringComparison.Ordinal) ? null : request.Json["tools"]?[0]?["function"]?["name"]?.GetValue<string>();
        if (request.Json["stream"]?.GetValue<bool>() == true)
        {
            return (tool is null ? Stream : OpenAIStream.ToolCall(tool, Stream.Usage, "{}") with { UsageInLastChoice = true }).RunAsync(context);
        }

        var answer = tool is null ? Chat("Hello from the stand-in.", new { prompt_tokens = 12, completion_tokens = 8, total_tokens = 20 }) : OpenAIStandIn.ToolCall(tool, "{}");
        return answer.Run(context, () => Task.CompletedTask);
    }
}
