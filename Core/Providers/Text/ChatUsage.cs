using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>Tokens as chat completions report them, and as servers that imitate the API do.</summary>
/// <remarks>
/// Output is what the vendor bills as output: Gemini and xAI count reasoning in <c>total_tokens</c> but not in <c>completion_tokens</c>
/// (ai.google.dev/gemini-api/docs/thinking, docs.x.ai/docs/guides/reasoning), so what the total has beyond the prompt counts where it is more. DeepSeek
/// has cached input in a member of its own (api-docs.deepseek.com/guides/kv_cache). Embeddings have no output and say nothing of it.
/// </remarks>
internal static class ChatUsage
{
    /// <returns>Null when nothing was reported, or nothing that can be.</returns>
    public static TokenUsage? Read(JsonObject? usage)
    {
        if (usage is null || Long(usage["prompt_tokens"]) is not (>= 0 and var input))
        {
            return null;
        }

        var completion = usage["completion_tokens"] is { } counted ? Long(counted) : 0;
        if (completion is not (>= 0 and var output))
        {
            return null;
        }

        var cached = Long((usage["prompt_tokens_details"] as JsonObject)?["cached_tokens"]) ?? Long(usage["prompt_cache_hit_tokens"]) ?? 0;
        var reasoning = Long((usage["completion_tokens_details"] as JsonObject)?["reasoning_tokens"]) ?? 0;
        return new TokenUsage(input, Math.Max(output, Math.Max(0, Long(usage["total_tokens"]) ?? 0) - input), Math.Max(0, cached), Math.Max(0, reasoning));
    }

    private static long? Long(JsonNode? node) => node is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;
}
