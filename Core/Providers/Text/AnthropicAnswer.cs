namespace ServerlessAi.Providers.Text;

/// <summary>An answer of the Messages API, as far as it matters here.</summary>
internal sealed record AnthropicAnswer(List<ContentBlock>? Content, string? StopReason, AnthropicUsage? Usage)
{
    public ProviderOutcome<TextResult> ToOutcome(TextCall call)
    {
        if (Content is null)
        {
            return ProviderOutcome<TextResult>.Failed(ProviderFailure.BadAnswer, "The answer has no content.");
        }

        // platform.claude.com/docs/en/build-with-claude/handling-stop-reasons. What was written before a refusal is not to be shown.
        if (StopReason is "refusal")
        {
            return ProviderOutcome<TextResult>.Failed(ProviderFailure.ContentRefused, "refusal");
        }

        var text = string.Concat(Content.Where(block => block?.Type is "text").Select(block => block.Text));
        var reason = StopReason is "max_tokens" or "model_context_window_exceeded" ? "length" : "stop";
        return text.Length > 0 || reason is "length"
            ? new TextResult(text, reason, AnthropicUsage.Read(Usage, call, text))
            : ProviderOutcome<TextResult>.Failed(ProviderFailure.BadAnswer, "The answer has no text.");
    }
}

internal sealed record ContentBlock(string? Type, string? Text);

/// <summary>Tokens as the Messages API reports them.</summary>
/// <remarks>
/// The three kinds of input do not overlap and add up to the prompt: what was read from the cache, what was written to it, and the rest
/// (platform.claude.com/docs/en/build-with-claude/prompt-caching). Reading costs a tenth of input, which is the catalog's price for cached input. Writing
/// costs a quarter more than input; it happens only to requests that ask for it, which these do not, so such tokens count as input. Output includes
/// thoughts, which are not told apart.
/// </remarks>
internal sealed record AnthropicUsage(long? InputTokens, long? OutputTokens, long? CacheReadInputTokens, long? CacheCreationInputTokens)
{
    public static TokenUsage Read(AnthropicUsage? usage, TextCall call, string text)
    {
        if (usage is not { InputTokens: >= 0 and var rest, OutputTokens: >= 0 and var output })
        {
            return TokenUsage.Estimated(call, text);
        }

        var (read, written) = (Math.Max(0, usage.CacheReadInputTokens ?? 0), Math.Max(0, usage.CacheCreationInputTokens ?? 0));
        // In decimals, where even absurd counts can be added.
        var input = (long)Math.Min(long.MaxValue, (decimal)rest + read + written);
        return new TokenUsage(input, output, read);
    }
}
