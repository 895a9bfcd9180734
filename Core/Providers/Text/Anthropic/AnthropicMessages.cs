using System.Text.Json;
using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>A conversation of chat completions as turns of the Messages API.</summary>
/// <param name="System">All of the system's messages, wherever they stood: there is one place for them.</param>
/// <param name="Problem">What cannot be said; null when all can.</param>
internal sealed record AnthropicMessages(JsonArray Turns, string? System, string? Problem)
{
    private const string DataUrl = "data:";

    public static AnthropicMessages Read(JsonArray messages)
    {
        var (turns, system) = (new JsonArray(), new List<string>());
        foreach (var message in messages.OfType<JsonObject>())
        {
            var role = ChatJson.Text(message["role"]);
            var blocks = new JsonArray();
            var problem = role switch
            {
                "system" or "developer" => AddSystem(message["content"], system),
                "user" => AddParts(message["content"], blocks),
                "assistant" => AddParts(message["content"], blocks) ?? AddToolCalls(message["tool_calls"] as JsonArray ?? [], blocks),
                "tool" => AddToolResult(message, blocks),
                _ => $"Messages of the role '{role}' are not known to this model.",
            };
            if (problem is not null)
            {
                return new AnthropicMessages(turns, System: null, problem);
            }

            Append(turns, role is "assistant" ? "assistant" : "user", blocks);
        }

        return new AnthropicMessages(turns, system.Count == 0 ? null : string.Join('\n', system), Problem: null);
    }

    // Results of several tools must come in one turn, and turns of one side in a row are one turn anyway.
    private static void Append(JsonArray turns, string role, JsonArray blocks)
    {
        if (blocks.Count == 0)
        {
            return;
        }

        if (turns.Count > 0 && string.Equals(ChatJson.Text(turns[^1]!["role"]), role, StringComparison.Ordinal))
        {
            foreach (var block in blocks)
            {
                turns[^1]!["content"]!.AsArray().Add(block!.DeepClone());
            }

            return;
        }

        turns.Add(new JsonObject { ["role"] = role, ["content"] = blocks });
    }

    private static string? AddSystem(JsonNode? content, List<string> system)
    {
        var blocks = new JsonArray();
        var problem = AddParts(content, blocks);
        system.AddRange(blocks.Select(block => ChatJson.Text(block!["text"])).OfType<string>());
        return problem;
    }

    // The API refuses empty texts.
    private static string? AddParts(JsonNode? content, JsonArray blocks)
    {
        if (content is not JsonArray parts)
        {
            AddText(ChatJson.Text(content), blocks);
            return null;
        }

        foreach (var part in parts.OfType<JsonObject>())
        {
            switch (ChatJson.Text(part["type"]))
            {
                case "text":
                    AddText(ChatJson.Text(part["text"]), blocks);
                    break;
                case "image_url" when Image(ChatJson.Text(part["image_url"]?["url"])) is { } image:
                    blocks.Add(image);
                    break;
                case var type:
                    return $"Parts of the type '{type}' are not known to this model, or not in this form.";
            }
        }

        return null;
    }

    private static void AddText(string? text, JsonArray blocks)
    {
        if (!string.IsNullOrEmpty(text))
        {
            blocks.Add(new JsonObject { ["type"] = "text", ["text"] = text });
        }
    }

    // platform.claude.com/docs/en/build-with-claude/vision: bytes in base64, or an address that the vendor fetches.
    private static JsonObject? Image(string? url)
    {
        JsonObject? source = null;
        if (url?.StartsWith(DataUrl, StringComparison.OrdinalIgnoreCase) == true)
        {
            var comma = url.IndexOf(";base64,", StringComparison.OrdinalIgnoreCase);
            source = comma < 0 ? null : new JsonObject { ["type"] = "base64", ["media_type"] = url[DataUrl.Length..comma], ["data"] = url[(comma + 8)..] };
        }
        else if (url?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) == true)
        {
            source = new JsonObject { ["type"] = "url", ["url"] = url };
        }

        return source is null ? null : new JsonObject { ["type"] = "image", ["source"] = source };
    }

    private static string? AddToolCalls(JsonArray calls, JsonArray blocks)
    {
        foreach (var call in calls.OfType<JsonObject>())
        {
            if (ArgumentsOf(call["function"] as JsonObject) is not { } input)
            {
                return "The arguments of a tool call must be a JSON object.";
            }

            blocks.Add(new JsonObject { ["type"] = "tool_use", ["id"] = ChatJson.Text(call["id"]), ["name"] = ChatJson.Text(call["function"]!["name"]), ["input"] = input });
        }

        return null;
    }

    private static JsonObject? ArgumentsOf(JsonObject? function)
    {
        try
        {
            var text = ChatJson.Text(function?["arguments"]);
            return function is null ? null : string.IsNullOrWhiteSpace(text) ? [] : ChatJson.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? AddToolResult(JsonObject message, JsonArray blocks)
    {
        var content = new JsonArray();
        var problem = AddParts(message["content"], content);
        blocks.Add(new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = ChatJson.Text(message["tool_call_id"]), ["content"] = content });
        return problem;
    }
}
