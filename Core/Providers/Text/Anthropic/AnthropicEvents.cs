using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>
/// The events of a streamed message, platform.claude.com/docs/en/build-with-claude/streaming, as chunks of a chat completion. The beginning is held back until
/// there is something to say: until then another model can still answer.
/// </summary>
/// <param name="created">Unix seconds, which messages do not have.</param>
internal sealed class AnthropicEvents(ChatCall call, string? key, long created) : IChatEvents
{
    private JsonObject? head;
    private AnthropicUsage? usage;
    private bool hasSpoken;
    private int toolCalls;

    public ChatEvent Read(string data)
    {
        var happened = ChatJson.Parse(data) ?? throw new JsonException("An event is no object.");
        switch (ChatJson.Text(happened["type"]))
        {
            case "message_start":
                return Start(happened["message"] as JsonObject ?? throw new JsonException("A message does not start."));
            case "content_block_start" when happened["content_block"] is JsonObject block:
                return Open(block);
            case "content_block_delta" when happened["delta"] is JsonObject delta:
                return Continue(delta);
            case "message_delta":
                return Finish(happened);
            case "message_stop":
                return ChatEvent.End;
            case "error":
                return ChatEvent.Broken(AnthropicErrors.Read<ChatResult>(500, Encoding.UTF8.GetBytes(data), key, retryAfter: null));
            default:
                // Pings, ends of blocks, and what newer versions may add.
                return ChatEvent.Nothing;
        }
    }

    private ChatEvent Start(JsonObject message)
    {
        head = new JsonObject
        {
            ["id"] = message["id"]?.DeepClone(),
            ["object"] = "chat.completion.chunk",
            ["created"] = created,
            ["model"] = message["model"]?.DeepClone() ?? call.Model,
        };
        usage = AnthropicUsage.Of(message["usage"]);
        return ChatEvent.Nothing;
    }

    private ChatEvent Open(JsonObject block) => ChatJson.Text(block["type"]) switch
    {
        "tool_use" => Say(new JsonObject
        {
            ["tool_calls"] = new JsonArray(new JsonObject
            {
                ["index"] = toolCalls++,
                ["id"] = block["id"]?.DeepClone(),
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = block["name"]?.DeepClone(), ["arguments"] = "" },
            }),
        }),
        "text" when ChatJson.Text(block["text"]) is { Length: > 0 } text => Say(new JsonObject { ["content"] = text }),
        _ => ChatEvent.Nothing,
    };

    private ChatEvent Continue(JsonObject delta) => ChatJson.Text(delta["type"]) switch
    {
        "text_delta" => Say(new JsonObject { ["content"] = ChatJson.Text(delta["text"]) ?? "" }),
        "input_json_delta" => Say(new JsonObject
        {
            ["tool_calls"] = new JsonArray(new JsonObject { ["index"] = toolCalls - 1, ["function"] = new JsonObject { ["arguments"] = ChatJson.Text(delta["partial_json"]) ?? "" } }),
        }),
        // Thoughts and their signatures: chat completions have no place for them.
        _ => ChatEvent.Nothing,
    };

    private ChatEvent Finish(JsonObject happened)
    {
        usage = AnthropicUsage.Of(happened["usage"], usage);
        if (ChatJson.Text(happened["delta"]?["stop_reason"]) is not { } reason)
        {
            return ChatEvent.Nothing;
        }

        if (reason is "refusal" && !hasSpoken)
        {
            return ChatEvent.Broken(ProviderOutcome<ChatResult>.Failed(ProviderFailure.ContentRefused, reason));
        }

        var chunk = Chunk([], AnthropicAnswer.FinishReason(reason));
        chunk["usage"] = usage?.ToChat();
        return new ChatEvent(chunk);
    }

    private ChatEvent Say(JsonObject delta) => new(Chunk(delta, finishReason: null));

    private JsonObject Chunk(JsonObject delta, string? finishReason)
    {
        if (!hasSpoken)
        {
            delta.Insert(0, "role", "assistant");
            hasSpoken = true;
        }

        var chunk = (head ?? throw new JsonException("A message does not start.")).DeepClone().AsObject();
        chunk["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finishReason });
        return chunk;
    }
}
