using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Pricing;

/// <summary>A model at the price version a request is admitted at.</summary>
public sealed record PricedModel(ModelEntry Model, ModelPrice Price);

/// <summary>What a request may cost at most, and through which models it may be admitted.</summary>
/// <param name="Offers">Side by side with <paramref name="Models"/>: the selected model first, the standard tier's after it.</param>
public sealed record Quote(ModelKind Kind, ImmutableArray<PricedModel> Models, ImmutableArray<Offer> Offers)
{
    public PricedModel Selected => Models[0];

    /// <summary>The same, for work that costs us what it costs and is charged to nobody. Nothing cheaper will do: it replaces what somebody has paid for.</summary>
    public Quote WithoutCharge() => this with { Models = [Models[0]], Offers = [Offers[0] with { FixedMicro = 0, OutputMicroPerMillion = 0, FreeQuota = false }] };
}

/// <summary>Prices a request before it runs: pure, from a catalog and an instant.</summary>
public sealed class Quoter(IOptions<AccountOptions> credits)
{
    /// <summary>Fewest output tokens an answer is worth calling for, when a balance pays for less than was asked.</summary>
    internal const int LeastOutputTokens = 16;

    private decimal UsdPerCredit => credits.Value.UsdPerCredit;

    /// <param name="model">Id, alias or vendor name; null takes the default: for images the first premium model, for text the first standard one.</param>
    /// <param name="outputTokens">As asked; bounded by the plan and the model.</param>
    public Answer<Quote> Text(Catalog catalog, Func<string, bool> isAvailable, string? model, int inputTokens, int outputTokens, DateTimeOffset now)
    {
        // A vendor would refuse such a prompt too, but only after a hold was taken and another model's turn was over.
        if (model is not null && catalog.Find(model) is { } named && !named.HasRoomFor(inputTokens))
        {
            return TooLong($"The prompt is too long for the model '{model}'.", inputTokens, named.ContextWindow);
        }

        var roomy = catalog.Where(entry => entry.Kind != ModelKind.Text || entry.HasRoomFor(inputTokens));
        return model is null && !roomy.Serving(ModelKind.Text, isAvailable).Any() && catalog.Serving(ModelKind.Text, isAvailable).MaxBy(entry => entry.ContextWindow) is { } widest
            ? TooLong("The prompt is too long for every model.", inputTokens, widest.ContextWindow)
            : Make(ModelKind.Text, roomy, isAvailable, model, Tier.Standard, now, priced => TextOffer(priced, inputTokens, outputTokens));
    }

    public Answer<Quote> Image(Catalog catalog, Func<string, bool> isAvailable, string? model, Tier tier, DateTimeOffset now) =>
        Make(ModelKind.Image, catalog, isAvailable, model, tier, now, ImageOffer);

    public Answer<Quote> Search(Catalog catalog, Func<string, bool> isAvailable, string? model, DateTimeOffset now) =>
        Make(ModelKind.Search, catalog, isAvailable, model, Tier.Standard, now, SearchOffer);

    /// <summary>Embeddings cost what goes in.</summary>
    public Answer<Quote> Embedding(Catalog catalog, Func<string, bool> isAvailable, string model, int inputTokens, DateTimeOffset now) =>
        Make(ModelKind.Embedding, catalog, isAvailable, model, Tier.Standard, now, priced => TextOffer(priced, inputTokens, outputTokens: 0));

    private static Refusal TooLong(string detail, int inputTokens, int contextWindow) =>
        Refusal.Invalid(detail + " Shorten it, or name a model with a larger window.").With("inputTokens", inputTokens).With("contextWindow", contextWindow);

    private static Answer<Quote> Make(
        ModelKind kind, Catalog catalog, Func<string, bool> isAvailable, string? name, Tier preferred, DateTimeOffset now, Func<PricedModel, Offer> offer)
    {
        var serving = catalog.Serving(kind, isAvailable).ToList();
        var selected = name is null ? serving.Find(model => model.Tier == preferred) ?? serving.FirstOrDefault() : catalog.Find(name);
        if (selected is null || selected.Kind != kind || !selected.Active)
        {
            return name is null
                ? new Refusal(RefusalCodes.ProviderFailed, "No provider for this kind of request is configured.")
                : Refusal.Invalid($"There is no active model named '{name}' for this kind of request.");
        }

        if (!isAvailable(selected.Provider))
        {
            return Refusal.Invalid($"The provider '{selected.Provider}' of model '{name}' is not configured.");
        }

        var models = ImmutableArray.Create(new PricedModel(selected, selected.PriceAt(now)));
        if (selected.Tier != Tier.Standard && FirstStandard(serving, models[0], now) is { } standard)
        {
            models = models.Add(standard);
        }

        return new Quote(kind, models, [.. models.Select(offer)]);
    }

    // A downgrade that costs more than what it replaces would defeat the budget it serves.
    private static PricedModel? FirstStandard(List<ModelEntry> serving, PricedModel selected, DateTimeOffset now) => serving
        .Where(model => model.Tier == Tier.Standard)
        .Select(model => new PricedModel(model, model.PriceAt(now)))
        .FirstOrDefault(model => PriceOrder.IsNotDearer(model.Price, selected.Price));

    private Offer ImageOffer(PricedModel priced) => new(
        priced.Model.Id, priced.Price.Version, priced.Model.Tier == Tier.Standard, FreeQuota: true,
        Charges.ImageChargeMicro(priced.Price, UsdPerCredit), InputTokens: 0)
    {
        Provider = priced.Model.Provider,
        Access = priced.Model.Access,
        FixedCostNanoUsd = Money.FromUsd(priced.Price.ImagePrice),
    };

    private Offer SearchOffer(PricedModel priced) => new(
        priced.Model.Id, priced.Price.Version, priced.Model.Tier == Tier.Standard, FreeQuota: false,
        Charges.SearchChargeMicro(priced.Price, UsdPerCredit), InputTokens: 0)
    {
        Provider = priced.Model.Provider,
        Access = priced.Model.Access,
        FixedCostNanoUsd = Money.FromUsd(priced.Price.CallPrice),
    };

    private Offer TextOffer(PricedModel priced, int inputTokens, int outputTokens)
    {
        var (model, price) = priced;
        var output = model.OutputTokens(outputTokens, inputTokens);
        var dearerInput = Math.Max(price.InputPrice, price.CachedInputPrice ?? 0);
        return new Offer(
            model.Id, price.Version, model.Tier == Tier.Standard, FreeQuota: false,
            Money.RoundUp(inputTokens * Charges.MicroPerMillionTokens(price, dearerInput, UsdPerCredit) / Money.TokensPerRate), inputTokens)
        {
            Provider = model.Provider,
            Access = model.Access,
            OutputTokens = output,
            OutputMicroPerMillion = Charges.MicroPerMillionTokens(price, price.OutputPrice, UsdPerCredit),
            LeastOutputTokens = Math.Min(output, LeastOutputTokens),
            FixedCostNanoUsd = Money.FromUsd(inputTokens * dearerInput / Money.TokensPerRate),
            OutputCostNanoPerMillion = price.OutputPrice * Money.NanoPerUsd,
        };
    }
}

/// <summary>Compares prices for fallback and downgrade.</summary>
public static class PriceOrder
{
    /// <summary>Not dearer in any way a call of this kind is billed: input, output, cached input, image and call.</summary>
    public static bool IsNotDearer(ModelPrice price, ModelPrice than) =>
        price.InputPrice <= than.InputPrice
        && price.OutputPrice <= than.OutputPrice
        && (price.CachedInputPrice ?? price.InputPrice) <= (than.CachedInputPrice ?? than.InputPrice)
        && price.ImagePrice <= than.ImagePrice
        && price.CallPrice <= than.CallPrice;
}
