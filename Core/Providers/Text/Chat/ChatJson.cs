using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessAi.Pricing;

namespace ServerlessAi.Providers.Text;

/// <summary>Reads and writes chat completions in OpenAI's form without knowing all of their members.</summary>
public static class ChatJson
{
    /// <summary>Characters go out as they came in; these answers are JSON, not HTML.</summary>
    public static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 64 };

    public static string Write(JsonNode node) => node.ToJsonString(Options);

    public static int? Int(JsonNode? node) => node is JsonValue value && value.TryGetValue<int>(out var number) ? number : null;

    public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>A whole completion as a vendor answered it.</summary>
    /// <exception cref="JsonException">No JSON.</exception>
    internal static ProviderOutcome<ChatResult> Read(string json, ChatCall call)
    {
        if (Parse(json) is not { } answer || answer["choices"] is not JsonArray { Count: > 0 } choices)
        {
            return ProviderOutcome<ChatResult>.Failed(ProviderFailure.BadAnswer, "The answer has no choices.");
        }

        var textBytes = choices.Sum(choice => ChatAssembly.TextBytesOf((choice as JsonObject)?["message"]));
        return new ChatResult(json, ChatUsage.Read(answer["usage"] as JsonObject) ?? Estimate(call, textBytes));
    }

    internal static JsonObject? Parse(string json) => Parse(Encoding.UTF8.GetBytes(json));

    /// <summary>Reads a JSON object so that nothing in it can surprise later: members given twice and halves of characters are found here, not when they are asked for.</summary>
    /// <returns>Null when it is JSON but no object.</returns>
    /// <exception cref="JsonException">No JSON, or not one that can be read to its last member.</exception>
    public static JsonObject? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var node = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = Options.MaxDepth, AllowDuplicateProperties = false });
            Touch(node);
            return node as JsonObject;
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException("A text is not valid Unicode.", exception);
        }
    }

    private static void Touch(JsonNode? node)
    {
        foreach (var member in node as JsonObject ?? [])
        {
            Touch(member.Value);
        }

        foreach (var item in node as JsonArray ?? [])
        {
            Touch(item);
        }

        _ = Text(node);
    }

    internal static TokenUsage Estimate(ChatCall call, long textBytes) =>
        new(call.InputTokens, Math.Min(TokenEstimate.OfBytes(textBytes), call.MaxOutputTokens)) { IsReported = false };
}
