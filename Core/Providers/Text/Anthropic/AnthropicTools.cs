using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>Tools of chat completions as tools of the Messages API, platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools.</summary>
/// <param name="Problem">What has no counterpart; null when all has.</param>
internal sealed record AnthropicTools(JsonArray? Tools, JsonObject? Choice, string? Problem)
{
    public static AnthropicTools Read(JsonObject body)
    {
        var tools = new JsonArray();
        foreach (var tool in (body["tools"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (ChatJson.Text(tool["type"]) is not "function" || tool["function"] is not JsonObject function)
            {
                return new AnthropicTools(Tools: null, Choice: null, $"Tools of the type '{ChatJson.Text(tool["type"])}' are not known to this model.");
            }

            tools.Add(Tool(function));
        }

        return tools.Count == 0 ? new AnthropicTools(Tools: null, Choice: null, Problem: null) : new AnthropicTools(tools, Chosen(body), Problem: null);
    }

    private static JsonObject Tool(JsonObject function)
    {
        var tool = new JsonObject
        {
            ["name"] = function["name"]?.DeepClone(),
            ["input_schema"] = function["parameters"]?.DeepClone() ?? new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() },
        };
        if (function["description"] is { } description)
        {
            tool["description"] = description.DeepClone();
        }

        if (IsTrue(function["strict"]))
        {
            tool["strict"] = true;
        }

        return tool;
    }

    private static JsonObject? Chosen(JsonObject body)
    {
        var choice = body["tool_choice"] switch
        {
            JsonObject named => new JsonObject { ["type"] = "tool", ["name"] = named["function"]?["name"]?.DeepClone() },
            var word => ChatJson.Text(word) switch
            {
                "none" => new JsonObject { ["type"] = "none" },
                "required" => new JsonObject { ["type"] = "any" },
                "auto" => new JsonObject { ["type"] = "auto" },
                _ => null,
            },
        };
        if (body["parallel_tool_calls"] is not JsonValue parallel || !parallel.TryGetValue<bool>(out var isParallel) || isParallel || ChatJson.Text(choice?["type"]) is "none")
        {
            return choice;
        }

        choice ??= new JsonObject { ["type"] = "auto" };
        choice["disable_parallel_tool_use"] = true;
        return choice;
    }

    private static bool IsTrue(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;
}
