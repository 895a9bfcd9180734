using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>A chat completion made without any AI: repeats what was asked, or calls the first tool when there is one and it has not been called yet.</summary>
internal static class SampleChat
{
    private const int BytesPerToken = 4;
    private const long CreatedAt = 1_760_000_000;

    public static ChatResult Complete(ChatCall call)
    {
        var messages = (call.Body["messages"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var asked = messages.FindLast(message => ChatJson.Text(message["role"]) is "user") is { } last ? TextOf(last["content"]) : "";
        var choices = ChatJson.Int(call.Body["n"]) ?? 1;
        var tool = ToolToCall(call.Body, messages);
        var text = $"This is a sample answer of {call.Model}, made without an AI. You asked: {asked}";
        var words = text.Split(' ');
        var limit = Math.Max(1, call.MaxOutputTokens / choices);
        var isCut = tool is null && words.Length > limit;
        var content = isCut ? string.Join(' ', words.Take(limit)) : text;
        var (input, output) = (Math.Max(1, messages.Sum(message => TextOf(message["content"]).Length) / BytesPerToken), Math.Min(limit, Math.Max(1, content.Length / BytesPerToken)) * choices);
        var answer = new JsonObject
        {
            ["id"] = "chatcmpl-sample",
            ["object"] = "chat.completion",
            ["created"] = CreatedAt,
            ["model"] = call.Model,
            ["choices"] = new JsonArray([.. Enumerable.Range(0, choices).Select(index => Choice(index, tool, content, isCut))]),
            ["usage"] = new JsonObject { ["prompt_tokens"] = input, ["completion_tokens"] = output, ["total_tokens"] = input + output },
        };
        return new ChatResult(ChatJson.Write(answer), new TokenUsage(input, output));
    }

    private static JsonObject Choice(int index, string? tool, string content, bool isCut)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = tool is null ? content : null, ["refusal"] = null };
        if (tool is not null)
        {
            var function = new JsonObject { ["name"] = tool, ["arguments"] = "{}" };
            message["tool_calls"] = new JsonArray(new JsonObject { ["id"] = $"call_sample_{index}", ["type"] = "function", ["function"] = function });
        }

        return new JsonObject { ["index"] = index, ["message"] = message, ["logprobs"] = null, ["finish_reason"] = tool is not null ? "tool_calls" : isCut ? "length" : "stop" };
    }

    private static string? ToolToCall(JsonObject body, List<JsonObject> messages) =>
        ChatJson.Text(body["tool_choice"]) is "none" || (messages.Count > 0 && ChatJson.Text(messages[^1]["role"]) is "tool")
            ? null
            : (body["tools"] as JsonArray)?.OfType<JsonObject>().Select(tool => ChatJson.Text((tool["function"] as JsonObject)?["name"])).FirstOrDefault();

    private static string TextOf(JsonNode? content) => content switch
    {
        JsonArray parts => string.Join(' ', parts.OfType<JsonObject>().Select(part => ChatJson.Text(part["text"])).Where(text => text is not null)),
        _ => ChatJson.Text(content) ?? "",
    };
}
