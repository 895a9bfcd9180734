using System.Collections.Immutable;

namespace ServerlessAi.Pricing;

/// <summary>Where a catalog came from.</summary>
public enum CatalogSource
{
    /// <summary>Read from storage within the cache time.</summary>
    Stored,

    /// <summary>Read from storage earlier; storage does not answer now.</summary>
    Stale,

    /// <summary>The catalog in this build; storage has not answered yet.</summary>
    Shipped,
}

/// <summary>All models at one moment. Immutable: a request keeps the catalog it began with.</summary>
public sealed class Catalog
{
    private readonly ImmutableDictionary<string, ModelEntry> byName;

    public Catalog(IEnumerable<ModelEntry> models, CatalogSource source)
    {
        Models = [.. models.OrderBy(model => model.FallbackPriority).ThenBy(model => model.Id, StringComparer.Ordinal)];
        Source = source;
        var names = ImmutableDictionary.CreateBuilder<string, ModelEntry>(StringComparer.OrdinalIgnoreCase);
        // Ids win over aliases, aliases over vendor names; the first in fallback order wins a name that two share.
        foreach (var name in Models.Select(model => (Name: model.Id, Model: model))
            .Concat(Models.SelectMany(model => model.Aliases.Select(alias => (Name: alias, Model: model))))
            .Concat(Models.Select(model => (Name: model.ModelName, Model: model))))
        {
            names.TryAdd(name.Name, name.Model);
        }

        byName = names.ToImmutable();
    }

    /// <summary>In fallback order.</summary>
    public ImmutableArray<ModelEntry> Models { get; }

    public CatalogSource Source { get; }

    /// <summary>Finds a model by id, alias or vendor name, upper and lower case alike.</summary>
    public ModelEntry? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>The same catalog without the models that a request cannot use.</summary>
    public Catalog Where(Func<ModelEntry, bool> isUsable) => Models.All(isUsable) ? this : new Catalog(Models.Where(isUsable), Source);

    public IEnumerable<ModelEntry> Serving(ModelKind kind, Func<string, bool> isProviderAvailable) =>
        Models.Where(model => model.Active && model.Kind == kind && isProviderAvailable(model.Provider));
}
