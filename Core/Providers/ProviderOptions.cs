using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Providers;

/// <summary>Keys and addresses of providers. A provider without a key is not there.</summary>
public sealed class ProviderOptions
{
    public const string Section = "Providers";

    [ValidateObjectMembers]
    public OpenAIProviderOptions OpenAI { get; set; } = new();

    [ValidateObjectMembers]
    public FalProviderOptions Fal { get; set; } = new();

    public SampleProviderOptions Sample { get; set; } = new();

    [ValidateObjectMembers]
    public StreamOptions Stream { get; set; } = new();

    /// <summary>Time one text call may take, milliseconds.</summary>
    [Range(50, 220_000)]
    public int TextTimeoutMs { get; set; } = 60_000;

    /// <summary>Time one image call may take, milliseconds.</summary>
    [Range(50, 220_000)]
    public int ImageTimeoutMs { get; set; } = 100_000;

    /// <summary>Time all calls of one request may take together, milliseconds; the platform gives up after 230 s.</summary>
    [Range(50, 220_000)]
    public int TotalTimeoutMs { get; set; } = 200_000;

    /// <summary>Models that one request may ask, the chosen one included.</summary>
    [Range(1, 10)]
    public int Attempts { get; set; } = 4;

    internal bool AnyConfigured => OpenAI.IsConfigured || Fal.IsConfigured;
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

    internal bool IsConfigured => ApiKey is { Length: > 0 };
}

public sealed class SampleProviderOptions
{
    /// <summary>Null: on in Development as long as no other provider is configured.</summary>
    public bool? Enabled { get; set; }
}
