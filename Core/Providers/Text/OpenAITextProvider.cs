using System.ClientModel;
using System.Text;
using ServerlessAi.Pricing;

namespace ServerlessAi.Providers.Text;

/// <summary>Chat completions, platform.openai.com/docs/api-reference/chat/create. <c>max_completion_tokens</c> bounds reasoning too; <c>max_tokens</c> is deprecated.</summary>
internal sealed class OpenAITextProvider(OpenAIClients clients) : ITextProvider
{
    private const int AnswerLimit = 8 * 1024 * 1024;

    public string Name => "openai";

    public async Task<ProviderOutcome<TextResult>> CompleteAsync(TextCall call, CancellationToken cancellationToken)
    {
        ChatMessage[] messages = call.System is { Length: > 0 } system
            ? [new("system", system), new("user", call.Prompt)]
            : [new("user", call.Prompt)];
        using var body = BinaryContent.CreateJson(new ChatRequest(call.Model, messages, call.MaxOutputTokens, call.Temperature), OpenAIClients.Json);
        var outcome = await clients.AskAsync<ChatAnswer>(
            (client, options) => client.GetChatClient(call.Model).CompleteChatAsync(body, options), AnswerLimit, cancellationToken);
        return outcome.Value is { } answer ? Read(call, answer) : ProviderOutcome<TextResult>.Failed(outcome.Failure!.Value, outcome.Detail);
    }

    public async Task<ProviderOutcome<ChatResult>> ForwardAsync(ChatCall call, CancellationToken cancellationToken)
    {
        using var body = BinaryContent.Create(BinaryData.FromString(ChatJson.Write(call.Body)));
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, call.Relay?.Life ?? CancellationToken.None);
        try
        {
            return await clients.SendAsync<ChatResult>(
                (client, options) => client.GetChatClient(call.Model).CompleteChatAsync(body, options),
                stream => call.Relay is null ? ReadWholeAsync(stream, call, cancellationToken) : ChatStream.ReadAsync(stream, call, clients.Key, cancellationToken),
                waiting.Token);
        }
        catch (OperationCanceledException) when (call.Relay?.Life.IsCancellationRequested == true)
        {
            return ProviderOutcome<ChatResult>.Failed(ProviderFailure.Timeout, "The client has left, or all time is used up, before an answer began.");
        }
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

        var reason = choice.FinishReason ?? "stop";
        if (message.Content is { Length: > 0 } text)
        {
            return new TextResult(text, reason, Usage(call, text, answer.Usage));
        }

        if (message.Refusal is { Length: > 0 } || reason is "content_filter")
        {
            return ProviderOutcome<TextResult>.Failed(ProviderFailure.ContentRefused, VendorErrors.Shorten(message.Refusal, key: null) ?? "content_filter");
        }

        // A reasoning model can use up its tokens before it writes; that is an answer, and it costs.
        return reason is "length"
            ? new TextResult("", reason, Usage(call, "", answer.Usage))
            : ProviderOutcome<TextResult>.Failed(ProviderFailure.BadAnswer, "The answer has no text.");
    }

    private static TokenUsage Usage(TextCall call, string text, ChatUsage? usage)
    {
        if (usage is { PromptTokens: >= 0 and var input, CompletionTokens: >= 0 and var output })
        {
            var cached = Math.Max(0, usage.PromptTokensDetails?.CachedTokens ?? 0);
            return new TokenUsage(input, output, cached, Math.Max(0, usage.CompletionTokensDetails?.ReasoningTokens ?? 0));
        }

        var estimate = TokenEstimate.OfPrompt(call.Prompt) + (call.System is { } system ? TokenEstimate.OfPrompt(system) : 0);
        return new TokenUsage(estimate, Math.Min(TokenEstimate.OfAnswer(text), call.MaxOutputTokens)) { IsReported = false };
    }

    private sealed record ChatRequest(string Model, ChatMessage[] Messages, int MaxCompletionTokens, double? Temperature);

    private sealed record ChatMessage(string Role, string? Content, string? Refusal = null);

    private sealed record ChatAnswer(List<ChatChoice>? Choices, ChatUsage? Usage);

    private sealed record ChatChoice(ChatMessage? Message, string? FinishReason);

    private sealed record ChatUsage(long? PromptTokens, long? CompletionTokens, PromptDetails? PromptTokensDetails, CompletionDetails? CompletionTokensDetails);

    private sealed record PromptDetails(long? CachedTokens);

    private sealed record CompletionDetails(long? ReasoningTokens);
}
