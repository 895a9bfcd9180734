using System.Text.Json;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>
/// A streamed chat completion, platform.openai.com/docs/api-reference/chat-streaming: a chunk with the role, one for each word, one with the reason of the
/// end, the usage, <c>[DONE]</c>. Place 0 is the role, 1 the first word, one after the last word the end, then the usage.
/// </summary>
/// <param name="Words">Each with its own space.</param>
/// <param name="Usage">Null when the vendor leaves its usage frame out.</param>
public sealed record OpenAIStream(IReadOnlyList<string> Words, StandInUsage? Usage) : StreamScript
{
    /// <summary>The usage has no frame of its own.</summary>
    public bool UsageInLastChoice { get; init; }

    /// <summary>The tool that is called with the words as pieces of its arguments; null for a text.</summary>
    public string? Tool { get; init; }

    /// <summary>The tool is called with these arguments.</summary>
    public static OpenAIStream ToolCall(string name, StandInUsage? usage, params string[] arguments) => new(arguments, usage) { Tool = name };

    public static OpenAIStream Of(string text, StandInUsage? usage) => new(WordsOf(text), usage);

    protected override string Error { get; } = Event(JsonSerializer.Serialize(new { error = new { message = "The server had an error.", type = "server_error", code = (string?)null } }));

    protected override IEnumerable<string> Events()
    {
        yield return Tool is null
            ? Chunk(new { role = "assistant", content = "", refusal = (string?)null })
            : Chunk(new { role = "assistant", content = (string?)null, tool_calls = new[] { new { index = 0, id = "call_1", type = "function", function = new { name = Tool, arguments = "" } } } });
        foreach (var word in Words)
        {
            yield return Tool is null ? Chunk(new { content = word }) : Chunk(new { tool_calls = new[] { new { index = 0, function = new { arguments = word } } } });
        }

        yield return Chunk(new { }, Tool is null ? "stop" : "tool_calls", UsageInLastChoice && Usage is not null ? OpenAIStandIn.UsageOf(Usage) : null);
        if (Usage is not null && !UsageInLastChoice)
        {
            yield return Event(JsonSerializer.Serialize(new
            {
                id = "chatcmpl-standin",
                @object = "chat.completion.chunk",
                created = 1_760_000_000,
                model = "standin",
                system_fingerprint = "fp_standin",
                choices = Array.Empty<object>(),
                usage = OpenAIStandIn.UsageOf(Usage),
            }));
        }

        yield return Event("[DONE]");
    }

    private static string Chunk(object delta, string? finishReason = null, object? usage = null) => Event(JsonSerializer.Serialize(new
    {
        id = "chatcmpl-standin",
        @object = "chat.completion.chunk",
        created = 1_760_000_000,
        model = "standin",
        system_fingerprint = "fp_standin",
        choices = new[] { new { index = 0, delta, logprobs = (object?)null, finish_reason = finishReason } },
        usage,
    }));

    private static string Event(string data) => $"data: {data}\n\n";
}
