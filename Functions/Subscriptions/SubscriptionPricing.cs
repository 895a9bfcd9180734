using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;

namespace ServerlessAi.Functions.Subscriptions;

/// <summary>What a caller pays for a model, USD; what it costs us is not told.</summary>
/// <param name="Access">What a plan must include for it; absent is for every plan.</param>
public sealed record ModelPricing(string Model, string Name, ModelKind Kind, Tier Tier, ImmutableArray<string> Aliases, string? Access, int PriceVersion)
{
    public decimal? InputUsdPerMillion { get; init; }

    /// <summary>Of input that the vendor's cache knew; absent where that costs the same.</summary>
    public decimal? CachedInputUsdPerMillion { get; init; }

    public decimal? OutputUsdPerMillion { get; init; }

    public decimal? UsdPerImage { get; init; }

    public decimal? UsdPerCall { get; init; }

    public static ModelPricing Of(ModelEntry model, DateTimeOffset now, decimal usdPerCredit)
    {
        var price = model.PriceAt(now);
        var pricing = new ModelPricing(model.Id, model.ModelName, model.Kind, model.Tier, model.Aliases, model.Access, price.Version);
        return model.Kind switch
        {
            ModelKind.Image => pricing with { UsdPerImage = Usd(Charges.ImageChargeMicro(price, usdPerCredit)) },
            ModelKind.Search => pricing with { UsdPerCall = Usd(Charges.SearchChargeMicro(price, usdPerCredit)) },
            ModelKind.Embedding => pricing with { InputUsdPerMillion = UsdPerMillion(price.InputPrice) },
            _ => pricing with
            {
                InputUsdPerMillion = UsdPerMillion(price.InputPrice),
                CachedInputUsdPerMillion = price.CachedInputPrice is { } cached && UsdPerMillion(cached) != UsdPerMillion(price.InputPrice) ? UsdPerMillion(cached) : null,
                OutputUsdPerMillion = UsdPerMillion(price.OutputPrice),
            },
        };

        decimal Usd(long micro) => Money.ToCredits(micro) * usdPerCredit;
        decimal UsdPerMillion(decimal rate) => Charges.MicroPerMillionTokens(price, rate, usdPerCredit) / Money.MicroPerCredit * usdPerCredit;
    }
}

/// <summary>Prices of the models that can be called here, by provider; open to everybody, like the plans.</summary>
public sealed class SubscriptionPricing(CatalogStore catalogs, ProviderRegistry providers, IOptions<AccountOptions> credits, TimeProvider time)
{
    [Function("subscription-pricing")]
    [Allow(Role.Guest, IsPublic = true)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "subscription/pricing")] HttpRequest http, CancellationToken cancellationToken)
    {
        var (catalog, now, usdPerCredit) = (await catalogs.GetAsync(cancellationToken), time.GetUtcNow(), credits.Value.UsdPerCredit);
        var byProvider = catalog.Models
            .Where(model => model.Active && providers.IsAvailable(model.Kind, model.Provider))
            .GroupBy(model => model.Provider, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Select(model => ModelPricing.Of(model, now, usdPerCredit)).ToList(), StringComparer.Ordinal);
        return Answers.Data(new { currency = "USD", usdPerCredit, providers = byProvider });
    }
}
