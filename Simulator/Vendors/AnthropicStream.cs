using System.Text.Json;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>
/// A streamed message, platform.claude.com/docs/en/build-with-claude/streaming: the start with the input's count, a ping, a block with one delta for each
/// word, the end with the output's count. Place 0 is the start, 3 the first word, two after the last word the usage, then the stop.
/// </summary>
/// <param name="Words">Each with its own space; of a tool call pieces of its arguments.</param>
public sealed record AnthropicStream(IReadOnlyList<string> Words) : StreamScript
{
    private const long Input = 12;
    private const long CacheRead = 4;
    private const long Output = 8;

    /// <summary>Place of the event with the usage of the whole message.</summary>
    public int UsagePlace => 3 + Words.Count + 1;

    /// <summary>The tool that is called; null for a text.</summary>
    public string? Tool { get; init; }

    public string StopReason { get; init; } = "end_turn";

    public static AnthropicStream Of(string text) => new(WordsOf(text));

    public static AnthropicStream ToolCall(string name, params string[] arguments) => new(arguments) { Tool = name, StopReason = "tool_use" };

    protected override string Error { get; } = Event("error", new { type = "error", error = new { type = "overloaded_error", message = "Overloaded" } });

    protected override IEnumerable<string> Events()
    {
        yield return Event("message_start", new
        {
            type = "message_start",
            message = new
            {
                id = "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY",
                type = "message",
                role = "assistant",
                content = Array.Empty<object>(),
                model = "claude-standin",
                stop_reason = (string?)null,
                stop_sequence = (string?)null,
                usage = new { input_tokens = Input, cache_creation_input_tokens = 0, cache_read_input_tokens = CacheRead, output_tokens = 1, service_tier = "standard" },
            },
        });
        yield return Event("content_block_start", new
        {
            type = "content_block_start",
            index = 0,
            content_block = Tool is null ? (object)new { type = "text", text = "" } : new { type = "tool_use", id = "toolu_01T1x1fJ34qAmk2tNTrN7Up6", name = Tool, input = new { } },
        });
        yield return Event("ping", new { type = "ping" });
        foreach (var word in Words)
        {
            var delta = Tool is null ? (object)new { type = "text_delta", text = word } : new { type = "input_json_delta", partial_json = word };
            yield return Event("content_block_delta", new { type = "content_block_delta", index = 0, delta });
        }

        yield return Event("content_block_stop", new { type = "content_block_stop", index = 0 });
        yield return Event("message_delta", new { type = "message_delta", delta = new { stop_reason = StopReason, stop_sequence = (string?)null }, usage = new { output_tokens = Output } });
        yield return Event("message_stop", new { type = "message_stop" });
    }

    private static string Event(string name, object data) => $"event: {name}\ndata: {JsonSerializer.Serialize(data)}\n\n";
}
