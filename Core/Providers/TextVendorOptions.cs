using System.ComponentModel.DataAnnotations;

namespace ServerlessAi.Providers;

/// <summary>One vendor of text. Without a key it is not there; a server that asks for none takes any.</summary>
public sealed class TextVendorOptions
{
    public const string OpenAI = "openai";
    public const string Anthropic = "anthropic";

    public string? ApiKey { get; set; }

    /// <summary>Where its API begins, without the method's own path.</summary>
    [Required]
    [RegularExpression("^https?://[^@]+$")]
    public string? BaseUrl { get; set; }

    /// <summary>Which API it speaks: <c>openai</c> for chat completions, <c>anthropic</c> for messages.</summary>
    [Required]
    [RegularExpression("^(openai|anthropic)$")]
    public string Kind { get; set; } = OpenAI;

    /// <summary>
    /// What it calls the limit of output tokens. Most servers that imitate OpenAI know only the older name; OpenAI's reasoning models refuse it. For the
    /// kind <c>openai</c> alone.
    /// </summary>
    [RegularExpression("^(max_tokens|max_completion_tokens)$")]
    public string MaxTokensField { get; set; } = "max_tokens";

    /// <summary>
    /// Whether it is asked for the usage of a stream, with <c>stream_options</c>. Mistral tells it unasked and refuses to be asked. For the kind <c>openai</c> alone.
    /// </summary>
    public bool StreamOptions { get; set; } = true;

    internal bool IsConfigured => ApiKey is { Length: > 0 };

    /// <remarks>
    /// ai.google.dev/gemini-api/docs/openai; docs.mistral.ai/api; api-docs.deepseek.com; console.groq.com/docs/openai and /docs/api-reference, which
    /// deprecates <c>max_tokens</c>; github.com/openai/openai-agents-python/issues/442 for Mistral's streams; platform.claude.com/docs/en/api/overview; platform.openai.com/docs/api-reference/chat/create.
    /// </remarks>
    internal static Dictionary<string, TextVendorOptions> WellKnown() => new(StringComparer.OrdinalIgnoreCase)
    {
        ["anthropic"] = new() { BaseUrl = "https://api.anthropic.com", Kind = Anthropic },
        ["deepseek"] = new() { BaseUrl = "https://api.deepseek.com" },
        ["gemini"] = new() { BaseUrl = "https://generativelanguage.googleapis.com/v1beta/openai" },
        ["groq"] = new() { BaseUrl = "https://api.groq.com/openai/v1", MaxTokensField = "max_completion_tokens" },
        ["mistral"] = new() { BaseUrl = "https://api.mistral.ai/v1", StreamOptions = false },
        ["openai"] = new() { BaseUrl = "https://api.openai.com/v1", MaxTokensField = "max_completion_tokens" },
    };
}
