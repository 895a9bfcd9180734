using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>Tokens as the Messages API reports them.</summary>
/// <remarks>
/// The three kinds of input do not overlap and add up to the prompt: what was read from the cache, what was written to it, and the rest
/// (platform.claude.com/docs/en/build-with-claude/prompt-caching). Reading costs a tenth of input, which is the catalog's price for cached input. Writing
/// costs a quarter more than input; it happens only to requests that ask for it, which these do not, so such tokens count as input. Output includes
/// thoughts, which are not told apart.
/// </remarks>
internal sealed record AnthropicUsage(long? InputTokens, long? OutputTokens, long? CacheReadInputTokens, long? CacheCreationInputTokens)
{
    /// <summary>A usage object of a stream. Later ones add up from the beginning, and may leave out what has not changed.</summary>
    public static AnthropicUsage? Of(JsonNode? node, AnthropicUsage? before = null) => node is not JsonObject usage
        ? before
        : new AnthropicUsage(
            Long(usage["input_tokens"]) ?? before?.InputTokens,
            Long(usage["output_tokens"]) ?? before?.OutputTokens,
            Long(usage["cache_read_input_tokens"]) ?? before?.CacheReadInputTokens,
            Long(usage["cache_creation_input_tokens"]) ?? before?.CacheCreationInputTokens);

    /// <returns>Null when nothing was reported, or nothing that can be.</returns>
    public TokenUsage? ToTokens()
    {
        if (this is not { InputTokens: >= 0 and var rest, OutputTokens: >= 0 and var output })
        {
            return null;
        }

        var (read, written) = (Math.Max(0, CacheReadInputTokens ?? 0), Math.Max(0, CacheCreationInputTokens ?? 0));
        // In decimals, where even absurd counts can be added.
        return new TokenUsage((long)Math.Min(long.MaxValue, (decimal)rest + read + written), output, read);
    }

    /// <summary>The same in OpenAI's form.</summary>
    public JsonObject? ToChat() => ToTokens() is { } tokens
        ? new JsonObject
        {
            ["prompt_tokens"] = tokens.InputTokens,
            ["completion_tokens"] = tokens.OutputTokens,
            ["total_tokens"] = (long)Math.Min(long.MaxValue, (decimal)tokens.InputTokens + tokens.OutputTokens),
            ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = tokens.CachedInputTokens },
        }
        : null;

    private static long? Long(JsonNode? node) => node is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;
}
