using System.Collections.Immutable;
using ServerlessAi.Primitives;

namespace ServerlessAi.Pricing;

/// <summary>List, add, change and remove model prices. A change of price makes a new version; the versions in force before stay on record.</summary>
public sealed class PriceAdmin(CatalogStore store, TimeProvider time)
{
    /// <summary>Price versions kept in the entry itself: the one in force, scheduled ones, and a little history.</summary>
    private const int InlinePricesLimit = 12;

    public async Task<IReadOnlyList<ModelEntry>> ListAsync(CancellationToken cancellationToken)
    {
        store.Forget();
        return (await store.GetAsync(cancellationToken)).Models;
    }

    public async Task<Answer<ModelEntry>> FindAsync(string id, CancellationToken cancellationToken) =>
        await store.FindAsync(id, cancellationToken) is { } model ? model : Missing(id);

    public async Task<Answer<ModelEntry>> AddAsync(ModelPriceInput input, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (Problem(input, now) is { } problem)
        {
            return Refusal.Invalid(problem);
        }

        if (input.Provider is null || input.ModelName is null)
        {
            return Refusal.Invalid("'provider' and 'model_name' are required.");
        }

        var id = ModelPriceInput.IdOf(input.Provider, input.ModelName);
        var exists = false;
        var added = await store.ChangeAsync(
            id,
            present =>
            {
                exists = present is not null;
                return exists ? null : Apply(New(id, input), input, now);
            },
            remove: false,
            cancellationToken);
        return added is not null ? added : new Refusal(RefusalCodes.Conflict, $"A model with the id '{id}' exists already.").With("id", id).With("exists", exists);
    }

    /// <param name="ifMatch">The entry's tag as last read, or null to change whatever is there.</param>
    public async Task<Answer<ModelEntry>> UpdateAsync(string id, ModelPriceInput input, string? ifMatch, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (Problem(input, now) is { } problem)
        {
            return Refusal.Invalid(problem);
        }

        return await ChangeAsync(id, ifMatch, present => Apply(present, input, now), remove: false, cancellationToken);
    }

    public Task<Answer<ModelEntry>> RemoveAsync(string id, string? ifMatch, CancellationToken cancellationToken) =>
        ChangeAsync(id, ifMatch, present => present with { Active = false }, remove: true, cancellationToken);

    private async Task<Answer<ModelEntry>> ChangeAsync(
        string id, string? ifMatch, Func<ModelEntry, ModelEntry> change, bool remove, CancellationToken cancellationToken)
    {
        Refusal refusal = new(RefusalCodes.PreconditionFailed, "Somebody else changed this entry. Read it again and repeat the change.");
        var changed = await store.ChangeAsync(
            id,
            present =>
            {
                if (present is null)
                {
                    refusal = Missing(id);
                    return null;
                }

                if (ifMatch is not (null or "*") && !string.Equals(ifMatch, present.ETag, StringComparison.Ordinal))
                {
                    return null;
                }

                // History makes room, the price in force and scheduled ones cannot; without a bound the entry outgrows its row.
                var next = change(present);
                if (next.Prices.Length > Math.Max(present.Prices.Length, InlinePricesLimit))
                {
                    refusal = Refusal.Invalid($"At most {InlinePricesLimit - 1} prices of a model can be scheduled at once.");
                    return null;
                }

                return next;
            },
            remove,
            cancellationToken);
        return changed is not null ? changed : refusal;
    }

    private static string? Problem(ModelPriceInput input, DateTimeOffset now) => input.Problem(now);

    private static ModelEntry New(string id, ModelPriceInput input) => new() { Id = id, Provider = input.Provider!, ModelName = input.ModelName! };

    private static ModelEntry Apply(ModelEntry model, ModelPriceInput input, DateTimeOffset now)
    {
        var next = model with
        {
            Provider = input.Provider ?? model.Provider,
            ModelName = input.ModelName ?? model.ModelName,
            Kind = input.Kind ?? model.Kind,
            Tier = input.Tier ?? model.Tier,
            Aliases = input.Aliases ?? model.Aliases,
            Active = input.Active ?? model.Active,
            FallbackPriority = input.FallbackPriority ?? model.FallbackPriority,
            MaxOutputTokens = input.MaxOutputTokens ?? model.MaxOutputTokens,
            ContextWindow = input.ContextWindow ?? model.ContextWindow,
            Vision = input.Vision ?? model.Vision,
            Tools = input.Tools ?? model.Tools,
            Access = input.Access switch { null => model.Access, "" => null, var access => access },
        };
        return next.Prices.IsEmpty || input.ChangesPrice ? next with { Prices = WithVersion(next.Prices, input, now) } : next;
    }

    private static ImmutableArray<ModelPrice> WithVersion(ImmutableArray<ModelPrice> prices, ModelPriceInput input, DateTimeOffset now)
    {
        var effectiveFrom = input.EffectiveFrom ?? now;
        var version = prices.IsEmpty ? 1 : prices.Max(price => price.Version) + 1;
        var basis = prices.LastOrDefault(price => price.EffectiveFrom <= effectiveFrom) ?? new ModelPrice(version, effectiveFrom);
        var next = basis with
        {
            Version = version,
            EffectiveFrom = effectiveFrom,
            InputPrice = input.InputPrice ?? basis.InputPrice,
            OutputPrice = input.OutputPrice ?? basis.OutputPrice,
            CachedInputPrice = input.CachedInputPrice ?? basis.CachedInputPrice,
            ImagePrice = input.ImagePrice ?? basis.ImagePrice,
            CallPrice = input.CallPrice ?? basis.CallPrice,
            ProfitMultiplier = input.ProfitMultiplier ?? basis.ProfitMultiplier,
            CreditsPer10kTokens = input.CreditsPer10kTokens ?? basis.CreditsPer10kTokens,
            CreditsPerImage = input.CreditsPerImage ?? basis.CreditsPerImage,
        };
        var ordered = prices.Add(next).OrderBy(price => price.EffectiveFrom).ThenBy(price => price.Version).ToList();
        var inForce = ordered.FindLastIndex(price => price.EffectiveFrom <= now);
        var drop = Math.Max(0, Math.Min(inForce, ordered.Count - InlinePricesLimit));
        return [.. ordered.Skip(drop)];
    }

    private static Refusal Missing(string id) => Refusal.NotFound($"There is no model with the id '{id}'.");
}
