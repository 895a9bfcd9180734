using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>
/// Requests of the Messages API, from ours and from chat completions in OpenAI's form. What the API has no place for is left out where Anthropic's own
/// imitation of OpenAI's API leaves it out too, platform.claude.com/docs/en/api/openai-sdk; what would change the answer's form is refused.
/// </summary>
internal static class AnthropicRequest
{
    // Temperature runs from 0 to 1; what is above is capped.
    private const double HighestTemperature = 1;

    public static JsonObject Of(TextCall call)
    {
        var body = new JsonObject
        {
            ["model"] = call.Model,
            ["max_tokens"] = call.MaxOutputTokens,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = call.Prompt }),
        };
        Set(body, "system", call.System is { Length: > 0 } system ? system : null);
        Set(body, "temperature", call.Temperature is { } temperature ? Math.Min(temperature, HighestTemperature) : null);
        return body;
    }

    /// <returns>The request; <see cref="ProviderFailure.Unsupported"/> when it asks for what the API cannot give.</returns>
    public static ProviderOutcome<JsonObject> Of(ChatCall call)
    {
        var asked = call.Body;
        if ((ChatJson.Int(asked["n"]) ?? 1) != 1)
        {
            return Unsupported("'n' must be 1 for this model.");
        }

        if (asked["functions"] is not null || asked["function_call"] is not null)
        {
            return Unsupported("This model knows 'tools', not 'functions'.");
        }

        var messages = AnthropicMessages.Read(asked["messages"] as JsonArray ?? []);
        var tools = AnthropicTools.Read(asked);
        if ((messages.Problem ?? tools.Problem) is { } problem)
        {
            return Unsupported(problem);
        }

        var body = new JsonObject { ["model"] = call.Model, ["max_tokens"] = call.MaxOutputTokens, ["messages"] = messages.Turns };
        Set(body, "system", messages.System);
        Set(body, "tools", tools.Tools);
        Set(body, "tool_choice", tools.Choice);
        Set(body, "stop_sequences", StopSequences(asked["stop"]));
        Set(body, "temperature", Number(asked["temperature"]) is { } temperature ? Math.Min(temperature, HighestTemperature) : null);
        Set(body, "top_p", Number(asked["top_p"]));
        Set(body, "output_config", OutputConfig(asked["response_format"]));
        Set(body, "stream", call.Relay is null ? null : true);
        return body;
    }

    // Those that are only white space are refused by the API.
    private static JsonArray? StopSequences(JsonNode? stop)
    {
        var texts = (stop as JsonArray ?? [stop?.DeepClone()]).Select(ChatJson.Text).Where(text => !string.IsNullOrWhiteSpace(text)).ToList();
        return texts.Count == 0 ? null : [.. texts.Select(text => (JsonNode)text!)];
    }

    // platform.claude.com/docs/en/build-with-claude/structured-outputs. A JSON object of any form has no counterpart; its prompt must ask for JSON anyway.
    private static JsonObject? OutputConfig(JsonNode? format) => (format as JsonObject)?["json_schema"]?["schema"] is JsonObject schema
        ? new JsonObject { ["format"] = new JsonObject { ["type"] = "json_schema", ["schema"] = schema.DeepClone() } }
        : null;

    private static double? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<double>(out var number) ? number : null;

    private static void Set(JsonObject body, string name, JsonNode? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }

    private static ProviderOutcome<JsonObject> Unsupported(string detail) =>
        ProviderOutcome<JsonObject>.Failed(ProviderFailure.Unsupported, detail) with { IsAbandoned = true };
}
