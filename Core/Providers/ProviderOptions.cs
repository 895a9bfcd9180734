using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using ServerlessAi.Pricing;
using ServerlessAi.Providers.Resilience;

namespace ServerlessAi.Providers;

/// <summary>Keys and addresses of providers. A provider without a key is not there.</summary>
public sealed class ProviderOptions
{
    public const string Section = "Providers";

    [ValidateObjectMembers]
    public OpenAIProviderOptions OpenAI { get; set; } = new();

    /// <summary>Vendors of text by the name that catalog entries give as their provider. A well-known one needs only its key.</summary>
    public IDictionary<string, TextVendorOptions> Text { get; set; } = TextVendorOptions.WellKnown();

    [ValidateObjectMembers]
    public FalProviderOptions Fal { get; set; } = new();

    [ValidateObjectMembers]
    public StabilityProviderOptions Stability { get; set; } = new();

    [ValidateObjectMembers]
    public SearchVendorOptions Tavily { get; set; } = new() { BaseUrl = "https://api.tavily.com" };

    [ValidateObjectMembers]
    public SearchVendorOptions Serper { get; set; } = new() { BaseUrl = "https://google.serper.dev" };

    [ValidateObjectMembers]
    public SearchVendorOptions Exa { get; set; } = new() { BaseUrl = "https://api.exa.ai" };

    [ValidateObjectMembers]
    public SearchVendorOptions Firecrawl { get; set; } = new() { BaseUrl = "https://api.firecrawl.dev" };

    public SampleProviderOptions Sample { get; set; } = new();

    [ValidateObjectMembers]
    public StreamOptions Stream { get; set; } = new();

    /// <summary>Time one text call may take, milliseconds.</summary>
    [Range(50, 220_000)]
    public int TextTimeoutMs { get; set; } = 60_000;

    /// <summary>Time one image call may take, milliseconds.</summary>
    [Range(50, 220_000)]
    public int ImageTimeoutMs { get; set; } = 100_000;

    /// <summary>Time one search may take, milliseconds.</summary>
    [Range(50, 220_000)]
    public int SearchTimeoutMs { get; set; } = 20_000;

    /// <summary>Time all calls of one request may take together, milliseconds; the platform gives up after 230 s.</summary>
    [Range(50, 220_000)]
    public int TotalTimeoutMs { get; set; } = 200_000;

    /// <summary>Models that one request may ask, the chosen one included.</summary>
    [Range(1, 10)]
    public int Attempts { get; set; } = 4;

    /// <summary>Calls of one provider at once, on one instance. A stream counts until its end.</summary>
    [Range(1, 10_000)]
    public int Concurrency { get; set; } = 64;

    /// <summary>Requests that may wait for one provider, on one instance.</summary>
    [Range(0, 100_000)]
    public int QueueLimit { get; set; } = 256;

    /// <summary>How long each may wait, milliseconds; a part of <see cref="TotalTimeoutMs"/>.</summary>
    [Range(0, 220_000)]
    public int QueueTimeoutMs { get; set; } = 10_000;

    /// <summary>Providers, by name, that take more or less than that.</summary>
    public IDictionary<string, ProviderLimits> Limits { get; set; } = new Dictionary<string, ProviderLimits>(StringComparer.OrdinalIgnoreCase);

    [ValidateObjectMembers]
    public CircuitOptions Circuit { get; set; } = new();

    internal bool AnyConfigured => OpenAI.IsConfigured || Fal.IsConfigured || Stability.IsConfigured || TextVendors.Any()
        || Tavily.IsConfigured || Serper.IsConfigured || Exa.IsConfigured || Firecrawl.IsConfigured;

    internal int TimeoutMs(ModelKind kind) => kind switch
    {
        ModelKind.Text => TextTimeoutMs,
        ModelKind.Image => ImageTimeoutMs,
        _ => SearchTimeoutMs,
    };

    /// <summary>Vendors of text that have a key.</summary>
    internal IEnumerable<KeyValuePair<string, TextVendorOptions>> TextVendors => Text.Where(vendor => vendor.Value.IsConfigured);
}

/// <summary>OpenAI with a key, or Azure OpenAI through its v1 endpoint with a key or the app's identity.</summary>
public sealed class OpenAIProviderOptions
{
    public string? ApiKey { get; set; }

    /// <summary>Another server that speaks OpenAI's API; empty for OpenAI itself.</summary>
    [RegularExpression("^https?://.+")]
    public string? BaseUrl { get; set; }

    /// <summary><c>https://NAME.openai.azure.com</c>: calls go to Azure OpenAI. Without <see cref="ApiKey"/> the app's identity signs in.</summary>
    [RegularExpression("^https?://.+")]
    public string? AzureEndpoint { get; set; }

    /// <summary>Quality asked of image models: <c>low</c>, <c>medium</c> or <c>high</c>. The catalog's price must fit it.</summary>
    [RegularExpression("^(low|medium|high|auto)$")]
    public string ImageQuality { get; set; } = "medium";

    internal bool IsConfigured => ApiKey is { Length: > 0 } || AzureEndpoint is { Length: > 0 };
}

public sealed class FalProviderOptions
{
    public string? ApiKey { get; set; }

    [RegularExpression("^https?://.+")]
    public string BaseUrl { get; set; } = "https://fal.run";

    /// <summary><c>sync</c>: a call waits for its image. <c>queue</c>: it waits in fal.ai's queue, and asks how far it is.</summary>
    [RegularExpression("^(sync|queue)$")]
    public string Mode { get; set; } = "sync";

    /// <summary>Models that go through the queue in any mode, separated by commas: <c>fal-ai/flux-pro,fal-ai/recraft-v3</c>.</summary>
    public string? QueuedModels { get; set; }

    [RegularExpression("^https?://[^@]+$")]
    public string QueueBaseUrl { get; set; } = "https://queue.fal.run";

    /// <summary>Between two questions how far a queued request is, milliseconds.</summary>
    [Range(100, 30_000)]
    public int PollMs { get; set; } = 500;

    internal bool IsConfigured => ApiKey is { Length: > 0 };

    internal bool IsQueued(string model) => Mode is "queue"
        || (QueuedModels?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Contains(model, StringComparer.Ordinal) ?? false);
}

public sealed class StabilityProviderOptions
{
    public string? ApiKey { get; set; }

    [RegularExpression("^https?://[^@]+$")]
    public string BaseUrl { get; set; } = "https://api.stability.ai";

    internal bool IsConfigured => ApiKey is { Length: > 0 };
}

public sealed class SampleProviderOptions
{
    /// <summary>Null: on in Development as long as no other provider is configured.</summary>
    public bool? Enabled { get; set; }
}
