using System.Collections.Immutable;
using ServerlessAi.Pricing;

namespace ServerlessAi.Providers;

/// <summary>Which models may serve in place of a chosen one, and in which order.</summary>
public static class FallbackOrder
{
    /// <summary>The chosen model, then the same provider's others, then other providers', each by fallback priority; none dearer than the chosen.</summary>
    /// <param name="chosen">At the price the request was admitted at; the others at theirs of <paramref name="now"/>.</param>
    public static ImmutableArray<PricedModel> Of(PricedModel chosen, Catalog catalog, Func<string, bool> isAvailable, DateTimeOffset now)
    {
        if (chosen.Model.Kind == ModelKind.Embedding)
        {
            // Vectors of two models have nothing in common: another's answer would be wrong, not second best.
            return [chosen];
        }

        var others = catalog.Serving(chosen.Model.Kind, isAvailable)
            .Where(model => !string.Equals(model.Id, chosen.Model.Id, StringComparison.Ordinal))
            .Select(model => new PricedModel(model, model.PriceAt(now)))
            .Where(other => PriceOrder.IsNotDearer(other.Price, chosen.Price))
            .OrderByDescending(other => string.Equals(other.Model.Provider, chosen.Model.Provider, StringComparison.Ordinal))
            .ThenBy(other => other.Model.FallbackPriority)
            .ThenBy(other => other.Model.Id, StringComparer.Ordinal);
        return [chosen, .. others];
    }
}
