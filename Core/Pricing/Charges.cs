using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Pricing;

/// <summary>
/// What a call costs us (nano-USD) and what it is charged (micro-credits). The charge is that of the selected model: its credit price when
/// it has one, else cost × multiplier; and never below the cost at the selected model's own price, so that no price list sells at a loss.
/// All amounts are rounded up.
/// </summary>
public static class Charges
{
    /// <summary>Cost of a text call at one price.</summary>
    public static long TextCostNanoUsd(ModelPrice price, long inputTokens, long cachedInputTokens, long outputTokens) =>
        Money.FromUsd(TextCostUsd(price, inputTokens, cachedInputTokens, outputTokens));

    /// <summary>Charge of a text call at the selected model's price.</summary>
    public static long TextChargeMicro(ModelPrice price, long inputTokens, long cachedInputTokens, long outputTokens, decimal usdPerCredit)
    {
        var costUsd = TextCostUsd(price, inputTokens, cachedInputTokens, outputTokens);
        var credits = price.CreditsPer10kTokens is { } per10k
            ? Math.Max((inputTokens + outputTokens) * per10k / 10_000m, costUsd / usdPerCredit)
            : costUsd * price.ProfitMultiplier / usdPerCredit;
        return Money.FromCredits(credits);
    }

    /// <summary>What a call used, in nano-USD at the price of the model that served it.</summary>
    public static long CostNanoUsd(ModelKind kind, ModelPrice price, UsageFacts usage) => kind switch
    {
        ModelKind.Image => Money.FromUsd(price.ImagePrice * usage.Images),
        ModelKind.Search => Money.FromUsd(price.CallPrice),
        _ => TextCostNanoUsd(price, usage.InputTokens, usage.CachedInputTokens, usage.OutputTokens),
    };

    /// <summary>The most a call can cost us at one model's price, in nano-USD: what counts when nobody can say what it did cost.</summary>
    /// <param name="inputTokens">As estimated from the prompt; 0 for images.</param>
    /// <param name="outputTokens">As many as the call was allowed.</param>
    public static long WorstCostNanoUsd(ModelKind kind, PricedModel priced, long inputTokens, int outputTokens)
    {
        var (model, price) = priced;
        return kind switch
        {
            ModelKind.Image => Money.FromUsd(price.ImagePrice),
            ModelKind.Search => Money.FromUsd(price.CallPrice),
            _ => Money.FromUsd(
                (inputTokens * Math.Max(price.InputPrice, price.CachedInputPrice ?? 0)
                    + (model.MaxOutputTokens > 0 ? Math.Min(outputTokens, model.MaxOutputTokens) : outputTokens) * price.OutputPrice) / Money.TokensPerRate),
        };
    }

    /// <summary>What a call is charged, in micro-credits at the price of the model that was selected.</summary>
    public static long ChargeMicro(ModelKind kind, ModelPrice price, UsageFacts usage, decimal usdPerCredit) => kind switch
    {
        ModelKind.Image => ImageChargeMicro(price, usdPerCredit) * usage.Images,
        ModelKind.Search => SearchChargeMicro(price, usdPerCredit),
        _ => TextChargeMicro(price, usage.InputTokens, usage.CachedInputTokens, usage.OutputTokens, usdPerCredit),
    };

    /// <summary>Charge of one search, whatever it finds.</summary>
    public static long SearchChargeMicro(ModelPrice price, decimal usdPerCredit) => Money.FromCredits(price.CallPrice * price.ProfitMultiplier / usdPerCredit);

    /// <summary>Charge of one image.</summary>
    public static long ImageChargeMicro(ModelPrice price, decimal usdPerCredit)
    {
        var costCredits = price.ImagePrice / usdPerCredit;
        return Money.FromCredits(price.CreditsPerImage is { } credits ? Math.Max(credits, costCredits) : costCredits * price.ProfitMultiplier);
    }

    /// <summary>The worst that a million input tokens, or output tokens, can be charged, in micro-credits.</summary>
    public static decimal MicroPerMillionTokens(ModelPrice price, decimal usdPerMillion, decimal usdPerCredit)
    {
        var costCredits = usdPerMillion / usdPerCredit;
        var credits = price.CreditsPer10kTokens is { } per10k ? Math.Max(per10k * 100m, costCredits) : costCredits * price.ProfitMultiplier;
        return credits * Money.MicroPerCredit;
    }

    private static decimal TextCostUsd(ModelPrice price, long inputTokens, long cachedInputTokens, long outputTokens) =>
        ((inputTokens - cachedInputTokens) * price.InputPrice
            + cachedInputTokens * (price.CachedInputPrice ?? price.InputPrice)
            + outputTokens * price.OutputPrice) / Money.TokensPerRate;
}
