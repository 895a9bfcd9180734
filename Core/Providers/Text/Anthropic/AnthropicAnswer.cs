using System.Text.Json;
using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>An answer of the Messages API, as far as it matters here.</summary>
internal sealed record AnthropicAnswer(string? Id, string? Model, List<ContentBlock>? Content, string? StopReason, AnthropicUsage? Usage)
{
    private string Text => string.Concat(Content!.Where(block => block?.Type is "text").Select(block => block.Text));

    public ProviderOutcome<TextResult> ToOutcome(TextCall call)
    {
        if (Problem<TextResult>() is { } problem)
        {
            return problem;
        }

        var (text, reason) = (Text, StopReason is { } stop && FinishReason(stop) is "length" ? "length" : "stop");
        return text.Length > 0 || reason is "length"
            ? new TextResult(text, reason, Usage?.ToTokens() ?? TokenUsage.Estimated(call, text))
            : ProviderOutcome<TextResult>.Failed(ProviderFailure.BadAnswer, "The answer has no text.");
    }

    /// <summary>The answer as a chat completion.</summary>
    /// <param name="created">Unix seconds, which messages do not have.</param>
    public ProviderOutcome<ChatResult> ToOutcome(ChatCall call, long created)
    {
        if (Problem<ChatResult>() is { } problem)
        {
            return problem;
        }

        var tools = new JsonArray([.. Content!.Where(block => block?.Type is "tool_use").Select(block => block.ToCall())]);
        var message = new JsonObject { ["role"] = "assistant", ["content"] = Text is { Length: > 0 } text ? text : null, ["refusal"] = null };
        if (tools.Count > 0)
        {
            message["tool_calls"] = tools;
        }

        var answer = new JsonObject
        {
            ["id"] = Id,
            ["object"] = "chat.completion",
            ["created"] = created,
            ["model"] = Model ?? call.Model,
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["message"] = message, ["logprobs"] = null, ["finish_reason"] = FinishReason(StopReason) }),
            ["usage"] = Usage?.ToChat(),
        };
        return new ChatResult(ChatJson.Write(answer), Usage?.ToTokens() ?? ChatJson.Estimate(call, ChatAssembly.TextBytesOf(message)));
    }

    /// <summary>Why a message ended, in OpenAI's words: platform.claude.com/docs/en/build-with-claude/handling-stop-reasons.</summary>
    public static string FinishReason(string? reason) => reason switch
    {
        "max_tokens" or "model_context_window_exceeded" => "length",
        "tool_use" => "tool_calls",
        "refusal" => "content_filter",
        _ => "stop",
    };

    // What was written before a refusal is not to be shown.
    private ProviderOutcome<T>? Problem<T>()
    {
        if (Content is null)
        {
            return ProviderOutcome<T>.Failed(ProviderFailure.BadAnswer, "The answer has no content.");
        }

        return StopReason is "refusal" ? ProviderOutcome<T>.Failed(ProviderFailure.ContentRefused, StopReason) : null;
    }
}

/// <param name="Input">What a tool is to be called with.</param>
internal sealed record ContentBlock(string? Type, string? Text, string? Id, string? Name, JsonElement? Input)
{
    public JsonNode ToCall() => new JsonObject
    {
        ["id"] = Id,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = Name, ["arguments"] = Input?.GetRawText() ?? "{}" },
    };
}
