using ServerlessAi.Pricing;

namespace ServerlessAi.Providers.Text;

/// <param name="Model">The vendor's name of the model.</param>
public sealed record TextCall(string Model, string Prompt, int MaxOutputTokens, double? Temperature, string? System = null);

/// <param name="FinishReason">As OpenAI names it: <c>stop</c>, <c>length</c>, <c>content_filter</c>.</param>
public sealed record TextResult(string Text, string FinishReason, TokenUsage Usage)
{
    /// <summary>It was streamed and ended before its end; <see cref="Usage"/> is what was sent, as estimated.</summary>
    public bool IsPartial { get; init; }
}

/// <summary>Tokens as the vendor counted them. Cached input is part of input, reasoning part of output.</summary>
public sealed record TokenUsage(long InputTokens, long OutputTokens, long CachedInputTokens = 0, long ReasoningTokens = 0)
{
    /// <summary>False when the vendor reported nothing and the numbers are estimates.</summary>
    public bool IsReported { get; init; } = true;

    /// <summary>For an answer whose vendor counted nothing.</summary>
    public static TokenUsage Estimated(TextCall call, string text)
    {
        var input = TokenEstimate.OfPrompt(call.Prompt) + (call.System is { } system ? TokenEstimate.OfPrompt(system) : 0);
        return new TokenUsage(input, Math.Min(TokenEstimate.OfAnswer(text), call.MaxOutputTokens)) { IsReported = false };
    }
}

/// <summary>One vendor of text.</summary>
public interface ITextProvider
{
    /// <summary>As catalog entries name it.</summary>
    string Name { get; }

    /// <summary>Asks once, without retrying. Vendor errors come back as failures; only cancellation throws.</summary>
    Task<ProviderOutcome<TextResult>> CompleteAsync(TextCall call, CancellationToken cancellationToken);

    /// <summary>
    /// Forwards a chat completion in OpenAI's JSON. With a relay, chunks go there as they come, and once one has, what breaks is a partial result rather
    /// than a failure. An adapter whose vendor has another form translates.
    /// </summary>
    Task<ProviderOutcome<ChatResult>> ForwardAsync(ChatCall call, CancellationToken cancellationToken);
}
