using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>Tokens a stand-in says it took.</summary>
public sealed record StandInUsage(long Input = 12, long Output = 8, long Cached = 4, long Reasoning = 2);

/// <summary>
/// Speaks OpenAI's chat completions and image generations, platform.openai.com/docs/api-reference, at <c>/v1</c> and, as Azure OpenAI does, at
/// <c>/openai/v1</c>.
/// </summary>
public sealed class OpenAIStandIn : VendorStandIn
{
    public const string ApiKey = "sk-standin-0123456789abcdef";

    private const string Arguments = """{"what":"foxes"}""";

    /// <summary>What the stand-in takes as a token of Microsoft Entra ID.</summary>
    public const string AzureToken = "entra-token-0123456789abcdef";

    /// <summary>The text of every answer.</summary>
    public string Text { get; set; } = "Hello from the stand-in.";

    public StandInUsage Usage { get; set; } = new();

    /// <summary>Whether the first tool of a request is called, as long as it has not been; otherwise tools are left alone.</summary>
    public bool CallsTools { get; set; }

    /// <summary>Awaited before each event of a stream that has no script.</summary>
    public Func<int, CancellationToken, Task> Pace { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Where an adapter is pointed to: <c>Providers:OpenAI:BaseUrl</c>.</summary>
    public string V1 => BaseUrl + "/v1";

    /// <summary>An answer without usage, as some compatible servers give it.</summary>
    public static Behaviour MissingUsage { get; } = Chat("Hello.", "stop", usage: null);

    /// <summary>An answer with counts that fit no 32-bit integer.</summary>
    public static Behaviour HugeUsage { get; } = Chat("Hello.", "stop", new StandInUsage(5_000_000_000, 6_000_000_000));

    protected override Behaviour Unauthorized =>
        Error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-wrong********cdef. You can find your API key at https://platform.openai.com/account/api-keys.");

    public static Task<OpenAIStandIn> StartAsync() => StartAsync(new OpenAIStandIn());

    /// <summary>The documented error object.</summary>
    public static Behaviour Error(int status, string type, string? code, string message) =>
        Json(status, new { error = new { message, type, param = (string?)null, code } });

    /// <summary>A completion with this text; null text with a <paramref name="refusal"/> is how a model declines.</summary>
    public static Behaviour Chat(string? text, string finishReason, StandInUsage? usage, string? refusal = null) => Json(200, new
    {
        id = "chatcmpl-standin",
        @object = "chat.completion",
        created = 1_760_000_000,
        model = "standin",
        choices = new[] { new { index = 0, message = new { role = "assistant", content = text, refusal }, logprobs = (object?)null, finish_reason = finishReason } },
        usage = usage is null ? null : UsageOf(usage),
    });

    /// <summary>A usage object.</summary>
    public static object UsageOf(StandInUsage usage) => new
    {
        prompt_tokens = usage.Input,
        completion_tokens = usage.Output,
        total_tokens = unchecked(usage.Input + usage.Output),
        prompt_tokens_details = new { cached_tokens = usage.Cached, audio_tokens = 0 },
        completion_tokens_details = new { reasoning_tokens = usage.Reasoning, audio_tokens = 0, accepted_prediction_tokens = 0, rejected_prediction_tokens = 0 },
    };

    /// <summary>An answer in which the first tool is called, whole or as a stream of pieces.</summary>
    public static Behaviour ToolCall(string name, string arguments) => Json(200, new
    {
        id = "chatcmpl-standin",
        @object = "chat.completion",
        created = 1_760_000_000,
        model = "standin",
        choices = new[]
        {
            new
            {
                index = 0,
                message = new
                {
                    role = "assistant", content = (string?)null,
                    tool_calls = new[] { new { id = "call_1", type = "function", function = new { name, arguments } } },
                },
                finish_reason = "tool_calls",
            },
        },
        usage = UsageOf(new StandInUsage()),
    });

    /// <summary>An image answer that points to a URL, as DALL·E models give it.</summary>
    public static Behaviour ImageAt(string url) => Json(200, new { created = 1_760_000_000, data = new[] { new { url, revised_prompt = "a picture" } } });

    protected override string? ModelOf(ReceivedRequest request) =>
        string.Equals(request.Method, "POST", StringComparison.Ordinal) ? request.Json["model"]?.GetValue<string>() ?? "" : null;

    protected override bool IsAuthorized(ReceivedRequest request) =>
        request.Headers.GetValueOrDefault("Authorization") is "Bearer " + ApiKey or "Bearer " + AzureToken
        || request.Headers.GetValueOrDefault("api-key") is ApiKey;

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request) => request.Path switch
    {
        "/v1/chat/completions" or "/openai/v1/chat/completions" => request.Json["stream"]?.GetValue<bool>() == true
            ? (StreamOf(request) with { Pace = Pace }).RunAsync(context)
            : (ToolOf(request) is { } tool ? ToolCall(tool, Arguments) : Chat(Text, "stop", Usage)).Run(context, () => Task.CompletedTask),
        "/v1/images/generations" or "/openai/v1/images/generations" => Image.Run(context, () => Task.CompletedTask),
        "/v1/embeddings" or "/openai/v1/embeddings" => Embeddings(request).Run(context, () => Task.CompletedTask),
        "/picture.png" => PictureAsync(context),
        _ => Error(404, "invalid_request_error", "unknown_url", $"Unknown request URL: {request.Method} {request.Path}.").Run(context, () => Task.CompletedTask),
    };

    private OpenAIStream StreamOf(ReceivedRequest request) =>
        ToolOf(request) is { } tool ? OpenAIStream.ToolCall(tool, Usage, Arguments[..9], Arguments[9..]) : OpenAIStream.Of(Text, Usage);

    private string? ToolOf(ReceivedRequest request) =>
        CallsTools && !request.Body.Contains("\"role\":\"tool\"", StringComparison.Ordinal) ? request.Json["tools"]?[0]?["function"]?["name"]?.GetValue<string>() : null;

    // Three numbers each, in the form that was asked for: the official client asks for base64.
    private Behaviour Embeddings(ReceivedRequest request)
    {
        var count = request.Json["input"] is System.Text.Json.Nodes.JsonArray many ? many.Count : 1;
        object vector = request.Json["encoding_format"]?.GetValue<string>() is "base64" ? Convert.ToBase64String(new byte[3 * sizeof(float)]) : new[] { 0.5, -0.25, 1e-7 };
        return Json(200, new
        {
            @object = "list",
            data = Enumerable.Range(0, count).Select(index => new { @object = "embedding", index, embedding = vector }),
            model = "standin",
            usage = new { prompt_tokens = Usage.Input, total_tokens = Usage.Input },
        });
    }

    private static Behaviour Image { get; } = Json(200, new
    {
        created = 1_760_000_000,
        data = new[] { new { b64_json = Convert.ToBase64String(Picture.Span) } },
        usage = new { total_tokens = 100, input_tokens = 20, output_tokens = 80, input_tokens_details = new { text_tokens = 20, image_tokens = 0 } },
    });
}
