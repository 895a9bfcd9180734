using ServerlessAi.Storage;

namespace ServerlessAi.Pricing;

/// <summary>The price list in this build: what serves until storage has one of its own, and when storage is out of reach.</summary>
public static class ShippedCatalog
{
    private static readonly Lazy<IReadOnlyList<ModelEntry>> Loaded = new(Read);

    public static IReadOnlyList<ModelEntry> Models => Loaded.Value;

    private static IReadOnlyList<ModelEntry> Read()
    {
        using var stream = typeof(ShippedCatalog).Assembly.GetManifestResourceStream("shipped-catalog.json")
            ?? throw new InvalidOperationException("The build lacks its shipped catalog.");
        return StoredJson.Read<CatalogFile>(stream).Models;
    }

    private sealed record CatalogFile(IReadOnlyList<ModelEntry> Models);
}
