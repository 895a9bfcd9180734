using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ServerlessAi.Pricing;

public enum ModelKind
{
    Text = 0,
    Image = 1,
    Search = 2,
    Embedding = 3,
}

/// <summary>Standard is what budgets fall back to.</summary>
public enum Tier
{
    Standard = 0,
    Premium = 1,
}

/// <summary>One version of a model's price. Immutable once effective: a running request settles at the version it was admitted at.</summary>
/// <param name="Version">1, 2, 3, ... in a model.</param>
public sealed record ModelPrice(int Version, DateTimeOffset EffectiveFrom)
{
    /// <summary>USD per million input tokens.</summary>
    public decimal InputPrice { get; init; }

    /// <summary>USD per million output tokens.</summary>
    public decimal OutputPrice { get; init; }

    /// <summary>USD per million input tokens that the provider read from its own cache; null: as input.</summary>
    public decimal? CachedInputPrice { get; init; }

    /// <summary>USD per image.</summary>
    public decimal ImagePrice { get; init; }

    /// <summary>USD per call, for search.</summary>
    public decimal CallPrice { get; init; }

    /// <summary>What the user pays for each dollar of cost, where no credit price is set; at least 1.</summary>
    public decimal ProfitMultiplier { get; init; } = 1m;

    /// <summary>Credits per 10,000 tokens, input and output alike; takes the place of cost × multiplier.</summary>
    public decimal? CreditsPer10kTokens { get; init; }

    /// <summary>Credits per image; takes the place of cost × multiplier.</summary>
    public decimal? CreditsPerImage { get; init; }
}

/// <summary>One model that can be bought through the gateway.</summary>
public sealed record ModelEntry
{
    /// <summary>Provider and model name in lower case, as it stands in URLs: <c>openai-gpt-4.1</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Which adapter serves it: <c>openai</c>, <c>anthropic</c>, <c>fal</c>, <c>sample</c>, ...</summary>
    public required string Provider { get; init; }

    /// <summary>The vendor's own name of the model.</summary>
    public required string ModelName { get; init; }

    public ModelKind Kind { get; init; }

    public Tier Tier { get; init; }

    /// <summary>Further names a caller may use.</summary>
    public ImmutableArray<string> Aliases { get; init; } = [];

    public bool Active { get; init; } = true;

    /// <summary>A lower number is tried earlier when another model failed.</summary>
    public int FallbackPriority { get; init; } = 100;

    /// <summary>Output tokens the model can give at most; 0 when the vendor states none.</summary>
    public int MaxOutputTokens { get; init; }

    /// <summary>Tokens that prompt and answer can have together; 0 when the vendor states none.</summary>
    public int ContextWindow { get; init; }

    /// <summary>It can look at images. Null when nobody has said: then whoever names the model may try, and it stands in for no other.</summary>
    public bool? Vision { get; init; }

    /// <summary>It can call tools; null as for <see cref="Vision"/>.</summary>
    public bool? Tools { get; init; }

    /// <summary>What a plan must include for whoever selects it: <c>starter</c>, <c>premium</c>; null is for every plan.</summary>
    public string? Access { get; init; }

    /// <summary>The price in force and those that are scheduled, oldest first.</summary>
    public ImmutableArray<ModelPrice> Prices { get; init; } = [];

    /// <summary>Counts changes through the admin API; 0 is the shipped entry.</summary>
    public int Revision { get; init; }

    /// <summary>The newest price that is effective; before the first takes effect, the first.</summary>
    public ModelPrice PriceAt(DateTimeOffset now) => Prices.LastOrDefault(price => price.EffectiveFrom <= now) ?? Prices[0];

    /// <summary>Whether a prompt, as estimated, leaves room for an answer worth calling for.</summary>
    public bool HasRoomFor(long inputTokens) => ContextWindow == 0 || inputTokens + Quoter.LeastOutputTokens <= ContextWindow;

    /// <summary>Output tokens to ask for: as many as wanted, within its own limit and what the prompt leaves of the window.</summary>
    public int OutputTokens(int wanted, long inputTokens)
    {
        var most = MaxOutputTokens > 0 ? Math.Min(wanted, MaxOutputTokens) : wanted;
        return ContextWindow > 0 ? (int)Math.Min(most, Math.Max(1, ContextWindow - inputTokens)) : most;
    }

    [JsonIgnore]
    public string ETag => $"\"{Id}.{Revision}\"";
}
