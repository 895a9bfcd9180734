using ServerlessAi.Accounts;
using ServerlessAi.Pricing;
using ServerlessAi.Providers;

namespace ServerlessAi;

/// <summary>What a request's calls cost us, as far as it is known, and at most where it is not.</summary>
internal static class Outlays
{
    public static UsageFacts Facts<TProduct>(Quote quote, ChainResult<TProduct> result)
        where TProduct : class
    {
        var served = result.Model.Model;
        return new UsageFacts(quote.Selected.Model.Id, served.Id, result.Provider, served.Tier.ToString().ToLowerInvariant(), "provider")
        {
            Attempts = result.Attempts.Length,
            ProviderMs = result.ProviderMs,
            FallbackReason = result.FallbackReason,
        };
    }

    public static Cost Of<TProduct>(Quote quote, Hold hold, ChainResult<TProduct> result, UsageFacts usage)
        where TProduct : class
    {
        var knownNanoUsd = Charges.CostNanoUsd(quote.Kind, result.Model.Price, usage);
        // Of an answer that broke off we know what was sent, not what the vendor went on to make.
        var restNanoUsd = usage.IsPartial ? Math.Max(0, Worst(quote, hold, result.Model) - knownNanoUsd) : 0;
        return Cost.Of(knownNanoUsd, restNanoUsd + UncertainNanoUsd(quote, hold, result));
    }

    /// <summary>What attempts that gave no answer may have cost us at most.</summary>
    public static long UncertainNanoUsd<TProduct>(Quote quote, Hold hold, ChainResult<TProduct> result)
        where TProduct : class => result.MayBill.Sum(model => Worst(quote, hold, model));

    private static long Worst(Quote quote, Hold hold, PricedModel model) =>
        Charges.WorstCostNanoUsd(quote.Kind, model, quote.Offers[hold.OfferIndex].InputTokens, hold.OutputTokens);
}
