using System.ComponentModel.DataAnnotations;

namespace ServerlessAi.Providers;

/// <summary>One vendor of web search. Without a key it is not there.</summary>
public sealed class SearchVendorOptions
{
    public string? ApiKey { get; set; }

    [Required]
    [RegularExpression("^https?://[^@]+$")]
    public string BaseUrl { get; set; } = "";

    internal bool IsConfigured => ApiKey is { Length: > 0 };
}
