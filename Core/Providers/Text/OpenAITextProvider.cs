using System.ClientModel;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessAi.Pricing;

namespace ServerlessAi.Providers.Text;

/// <summary>
/// Chat completions, platform.openai.com/docs/api-reference/chat/create, at OpenAI or at any server that imitates it. <c>max_completion_tokens</c> bounds
/// reasoning too; <c>max_tokens</c> is deprecated at OpenAI and all that many others know.
/// </summary>
internal sealed class OpenAITextProvider(OpenAIClients clients) : ITextProvider
{
    private const int AnswerLimit = 8 * 1024 * 1024;

    public string Name => clients.Endpoint.Name;

    public async Task<ProviderOutcome<TextResult>> CompleteAsync(TextCall call, CancellationToken cancellationToken)
    {
        using var body = BinaryContent.CreateJson(Request(call), OpenAIClients.Json);
        var outcome = await clients.AskAsync<ChatAnswer>(
            (client, options) => client.GetChatClient(call.Model).CompleteChatAsync(body, options), AnswerLimit, cancellationToken);
        return outcome.Value is { } answer ? Read(call, answer) : outcome.As<TextResult>();
    }

    private ChatRequest Request(TextCall call)
    {
        ChatMessage[] messages = call.System is { Length: > 0 } system
            ? [new("system", system), new("user", call.Prompt)]
            : [new("user", call.Prompt)];
        return string.Equals(clients.Endpoint.MaxTokensField, OpenAIEndpoint.Standard, StringComparison.Ordinal)
            ? new ChatRequest(call.Model, messages, MaxTokens: null, call.MaxOutputTokens, call.Temperature)
            : new ChatRequest(call.Model, messages, call.MaxOutputTokens, MaxCompletionTokens: null, call.Temperature);
    }

    public async Task<ProviderOutcome<ChatResult>> ForwardAsync(ChatCall call, CancellationToken cancellationToken)
    {
        using var body = BinaryContent.Create(BinaryData.FromString(ChatJson.Write(Adapt(call.Body))));
        return await ChatRelays.WaitAsync(call, cancellationToken, waiting => clients.SendAsync<ChatResult>(
            (client, options) => client.GetChatClient(call.Model).CompleteChatAsync(body, options),
            stream => call.Relay is null ? ReadWholeAsync(stream, call, cancellationToken) : ChatStream.ReadAsync(stream, call, new OpenAIEvents(clients.Key), cancellationToken),
            waiting));
    }

    // What this server refuses under the name that OpenAI gives it, or at all.
    private JsonObject Adapt(JsonObject body)
    {
        if (body["max_completion_tokens"] is { } limit && !string.Equals(clients.Endpoint.MaxTokensField, OpenAIEndpoint.Standard, StringComparison.Ordinal))
        {
            body.Remove("max_completion_tokens");
            body[clients.Endpoint.MaxTokensField] = limit;
        }

        if (!clients.Endpoint.TakesStreamOptions)
        {
            body.Remove("stream_options");
        }

        return body;
    }

    private static async Task<ProviderOutcome<ChatResult>> ReadWholeAsync(Stream stream, ChatCall call, CancellationToken cancellationToken) =>
        await VendorHttp.ReadAsync(stream, AnswerLimit, cancellationToken) is { } json
            ? ChatJson.Read(Encoding.UTF8.GetString(json), call)
            : ProviderOutcome<ChatResult>.Failed(ProviderFailure.BadAnswer, "The answer is too large.");

    private static ProviderOutcome<TextResult> Read(TextCall call, ChatAnswer answer)
    {
        if (answer.Choices is not [{ Message: { } message } choice, ..])
        {
            return ProviderOutcome<TextResult>.Failed(ProviderFailure.BadAnswer, "The answer has no choices.");
        }

        var reason = Reason(choice.FinishReason);
        if (TextOf(message.Content) is { Length: > 0 } text)
        {
            return new TextResult(text, reason, ChatUsage.Read(answer.Usage) ?? TokenUsage.Estimated(call, text));
        }

        if (message.Refusal is { Length: > 0 } || reason is "content_filter")
        {
            return ProviderOutcome<TextResult>.Failed(ProviderFailure.ContentRefused, VendorErrors.Shorten(message.Refusal, key: null) ?? "content_filter");
        }

        // A reasoning model can use up its tokens before it writes; that is an answer, and it costs.
        return reason is "length"
            ? new TextResult("", reason, ChatUsage.Read(answer.Usage) ?? TokenUsage.Estimated(call, ""))
            : ProviderOutcome<TextResult>.Failed(ProviderFailure.BadAnswer, "The answer has no text.");
    }

    // Mistral's name for the end of the context window, and DeepSeek's for having run out of machines half-way: both cut the answer short. Gemini has its own
    // names for what it refuses, alone or after OpenAI's and a colon: ai.google.dev/api/generate-content#FinishReason, HKUDS/Vibe-Trading pull request 308.
    private static string Reason(string? reason) => reason switch
    {
        null => "stop",
        "model_length" or "insufficient_system_resource" => "length",
        "SAFETY" or "RECITATION" or "BLOCKLIST" or "PROHIBITED_CONTENT" or "SPII" => "content_filter",
        _ when reason.StartsWith("content_filter:", StringComparison.Ordinal) => "content_filter",
        _ => reason,
    };

    // Mistral's reasoning models answer in parts, of which thoughts are some: docs.mistral.ai/capabilities/reasoning.
    private static string? TextOf(JsonElement? content) => content switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Array } parts => string.Concat(parts.EnumerateArray().Where(part => JsonText.Of(part, "type") is "text").Select(part => JsonText.Of(part, "text"))),
        _ => null,
    };

    private sealed record ChatRequest(string Model, ChatMessage[] Messages, int? MaxTokens, int? MaxCompletionTokens, double? Temperature);

    private sealed record ChatMessage(string Role, string Content);

    private sealed record ChatAnswer(List<ChatChoice>? Choices, JsonObject? Usage);

    private sealed record ChatChoice(AnswerMessage? Message, string? FinishReason);

    private sealed record AnswerMessage(JsonElement? Content, string? Refusal);
}
