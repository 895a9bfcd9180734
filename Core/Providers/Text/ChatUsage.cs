using ServerlessAi.Pricing;

namespace ServerlessAi.Providers.Text;

/// <summary>Tokens as chat completions report them, and as servers that imitate the API do.</summary>
/// <remarks>
/// Output is what the vendor bills as output: Gemini and xAI count reasoning in <c>total_tokens</c> but not in <c>completion_tokens</c>
/// (ai.google.dev/gemini-api/docs/thinking, docs.x.ai/docs/guides/reasoning), so what the total has beyond the prompt counts where it is more. DeepSeek
/// has cached input in a member of its own (api-docs.deepseek.com/guides/kv_cache). All other members may be absent.
/// </remarks>
internal sealed record ChatUsage(long? PromptTokens, long? CompletionTokens, PromptDetails? PromptTokensDetails, CompletionDetails? CompletionTokensDetails)
{
    public long? TotalTokens { get; init; }

    public long? PromptCacheHitTokens { get; init; }

    /// <returns>What was reported; an estimate when nothing was, or nothing that can be.</returns>
    public static TokenUsage Read(ChatUsage? usage, TextCall call, string text)
    {
        if (usage is not { PromptTokens: >= 0 and var input, CompletionTokens: >= 0 and var completion })
        {
            return TokenUsage.Estimated(call, text);
        }

        var output = Math.Max(completion, Math.Max(0, usage.TotalTokens ?? 0) - input);
        var cached = usage.PromptTokensDetails?.CachedTokens ?? usage.PromptCacheHitTokens ?? 0;
        return new TokenUsage(input, output, Math.Max(0, cached), Math.Max(0, usage.CompletionTokensDetails?.ReasoningTokens ?? 0));
    }
}

internal sealed record PromptDetails(long? CachedTokens);

internal sealed record CompletionDetails(long? ReasoningTokens);
