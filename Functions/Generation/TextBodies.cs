using ServerlessAi.Access;
using ServerlessAi.Caching;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Generation;

/// <summary>Body of <c>complete</c>. Only the prompt is required.</summary>
/// <param name="CacheTTL">Seconds.</param>
/// <param name="Stream">The answer comes as server-sent events while it is made.</param>
public sealed record TextInput(
    string? Prompt, string? System, string? Model, int? MaxTokens, double? Temperature, bool? UseCache, long? CacheTTL, string? ChatId, bool? Stream = null)
{
    public Answer<TextRequest> ToRequest(Caller caller)
    {
        var cache = CacheInput.Read(UseCache, CacheTTL);
        return cache.Succeeded ? new TextRequest(caller, Prompt ?? "", System, Model, MaxTokens, Temperature, ChatId, cache.Value) : cache.Refusal;
    }
}

/// <param name="Tokens">Input and output together; those of the first answer when it comes from the cache.</param>
public sealed record TextOutput(
    string Text, string Model, string Provider, long Tokens, UsageOutput Usage, decimal CreditsUsed, bool Cached, bool Downgraded, string? FinishReason, Receipt Receipt)
{
    public static TextOutput Of(Served served)
    {
        var (answer, receipt, usage) = (served.Answer, served.Receipt, served.Answer.Usage);
        return new TextOutput(
            answer.Text ?? "", receipt.ModelServed, receipt.Provider, usage.Tokens,
            new UsageOutput(usage.InputTokens, usage.OutputTokens, usage.CachedInputTokens, usage.ReasoningTokens, usage.Source),
            receipt.CreditsCharged, receipt.Cached, receipt.Downgraded, answer.FinishReason, receipt);
    }
}

public sealed record UsageOutput(long InputTokens, long OutputTokens, long CachedInputTokens, long ReasoningTokens, string Source);

/// <summary>The cache fields that all billable bodies share.</summary>
internal static class CacheInput
{
    public static Answer<CacheUse> Read(bool? useCache, long? cacheTtlSeconds) =>
        cacheTtlSeconds is { } seconds && (seconds < 0 || seconds > (long)CacheUse.LongestTtl.TotalSeconds)
            ? Refusal.Invalid($"'cacheTTL' is in seconds, from 0 to {(long)CacheUse.LongestTtl.TotalSeconds}.")
            : new CacheUse(useCache ?? true, cacheTtlSeconds is { } ttl ? TimeSpan.FromSeconds(ttl) : null);
}
