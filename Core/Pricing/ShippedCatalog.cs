using System.Text.Json;
using System.Text.Json.Serialization;

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
        return JsonSerializer.Deserialize(stream, CatalogJson.Default.CatalogFile)?.Models
            ?? throw new InvalidDataException("The shipped catalog is empty.");
    }
}

internal sealed record CatalogFile(IReadOnlyList<ModelEntry> Models);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CatalogFile))]
[JsonSerializable(typeof(ModelEntry))]
[JsonSerializable(typeof(ModelPrice))]
internal sealed partial class CatalogJson : JsonSerializerContext;
