using ServerlessAi.Accounts;
using ServerlessAi.Providers.Text;

namespace ServerlessAi;

/// <summary>Takes over what a provider counted.</summary>
internal static class TokenUsages
{
    private const long UsageLimit = 1_000_000_000;

    public static UsageFacts Measure(TokenUsage counted, UsageFacts usage, bool isPartial = false) => usage with
    {
        InputTokens = Bounded(counted.InputTokens),
        OutputTokens = Bounded(counted.OutputTokens),
        CachedInputTokens = Math.Min(Bounded(counted.CachedInputTokens), Bounded(counted.InputTokens)),
        ReasoningTokens = Bounded(counted.ReasoningTokens),
        Source = isPartial ? UsageFacts.Partial : counted.IsReported ? "provider" : "estimated",
    };

    // A vendor may report anything; what no call can use must not overflow the arithmetic of money.
    private static long Bounded(long tokens) => Math.Clamp(tokens, 0, UsageLimit);
}
