using System.Collections.Immutable;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace ServerlessAi.Pricing;

/// <summary>The body of the admin's price routes (mission A10). On update, what is absent stays as it is. Prices are USD per million tokens, per image, or per call.</summary>
public sealed partial record ModelPriceInput
{
    private const decimal TokenPriceLimit = 10_000m;
    private const decimal UnitPriceLimit = 1_000m;

    [JsonPropertyName("provider")]
    public string? Provider { get; init; }

    [JsonPropertyName("model_name")]
    public string? ModelName { get; init; }

    [JsonPropertyName("kind")]
    public ModelKind? Kind { get; init; }

    [JsonPropertyName("tier")]
    public Tier? Tier { get; init; }

    [JsonPropertyName("aliases")]
    public ImmutableArray<string>? Aliases { get; init; }

    [JsonPropertyName("active")]
    public bool? Active { get; init; }

    [JsonPropertyName("fallback_priority")]
    public int? FallbackPriority { get; init; }

    [JsonPropertyName("max_output_tokens")]
    public int? MaxOutputTokens { get; init; }

    [JsonPropertyName("context_window")]
    public int? ContextWindow { get; init; }

    [JsonPropertyName("vision")]
    public bool? Vision { get; init; }

    [JsonPropertyName("tools")]
    public bool? Tools { get; init; }

    /// <summary>What a plan must include for it; an empty text is for every plan.</summary>
    [JsonPropertyName("access")]
    public string? Access { get; init; }

    [JsonPropertyName("input_price")]
    public decimal? InputPrice { get; init; }

    [JsonPropertyName("output_price")]
    public decimal? OutputPrice { get; init; }

    [JsonPropertyName("cached_input_price")]
    public decimal? CachedInputPrice { get; init; }

    [JsonPropertyName("image_price")]
    public decimal? ImagePrice { get; init; }

    [JsonPropertyName("call_price")]
    public decimal? CallPrice { get; init; }

    [JsonPropertyName("profit_multiplier")]
    public decimal? ProfitMultiplier { get; init; }

    [JsonPropertyName("credits_per_10k_tokens")]
    public decimal? CreditsPer10kTokens { get; init; }

    [JsonPropertyName("credits_per_image")]
    public decimal? CreditsPerImage { get; init; }

    /// <summary>When the new price takes effect; absent means now, and the past is refused.</summary>
    [JsonPropertyName("effective_from")]
    public DateTimeOffset? EffectiveFrom { get; init; }

    [JsonIgnore]
    public bool ChangesPrice => InputPrice is not null || OutputPrice is not null || CachedInputPrice is not null || ImagePrice is not null || CallPrice is not null
        || ProfitMultiplier is not null || CreditsPer10kTokens is not null || CreditsPerImage is not null;

    /// <summary>The first thing wrong with the values themselves, as a sentence; null when all are in range.</summary>
    public string? Problem(DateTimeOffset now)
    {
        (string Name, decimal? Value, decimal Least, decimal Most)[] amounts =
        [
            ("input_price", InputPrice, 0, TokenPriceLimit), ("output_price", OutputPrice, 0, TokenPriceLimit),
            ("cached_input_price", CachedInputPrice, 0, TokenPriceLimit), ("image_price", ImagePrice, 0, UnitPriceLimit),
            ("call_price", CallPrice, 0, UnitPriceLimit), ("profit_multiplier", ProfitMultiplier, 1, 1_000),
            ("credits_per_10k_tokens", CreditsPer10kTokens, 0, 100_000), ("credits_per_image", CreditsPerImage, 0, 100_000),
            ("fallback_priority", FallbackPriority, 0, 1_000), ("max_output_tokens", MaxOutputTokens, 0, 10_000_000),
            ("context_window", ContextWindow, 0, 100_000_000),
        ];
        var wrong = Array.Find(amounts, amount => amount.Value < amount.Least || amount.Value > amount.Most);
        if (wrong.Name is not null)
        {
            return $"'{wrong.Name}' must be between {wrong.Least} and {wrong.Most}.";
        }

        if (Provider is not null && !ProviderName().IsMatch(Provider))
        {
            return "'provider' must be 1 to 40 lower-case letters, digits and dashes.";
        }

        if (ModelName is not null && !VendorName().IsMatch(ModelName))
        {
            return "'model_name' must be 1 to 120 letters, digits and any of . _ : / @ -";
        }

        if (Aliases is { } aliases && (aliases.Length > 20 || aliases.Any(alias => alias is null || !VendorName().IsMatch(alias))))
        {
            return "'aliases' takes at most 20 names, each spelled like a 'model_name'.";
        }

        return EffectiveFrom < now.AddMinutes(-1) ? "'effective_from' is in the past; a price that was charged cannot change afterwards." : null;
    }

    /// <summary>Id of a new entry: provider and model name in lower case, with everything that does not belong in a URL as a dash.</summary>
    public static string IdOf(string provider, string modelName) => NotInId().Replace($"{provider}-{modelName}".ToLowerInvariant(), "-");

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,39}\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex ProviderName();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,119}\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex VendorName();

    [GeneratedRegex("[^a-z0-9._-]+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex NotInId();
}
