using System.Globalization;
using System.Text.Json;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Pricing;

/// <summary>Keys and shapes of the table <c>catalog</c>: the current entry of a model, and every version of its price.</summary>
internal static class CatalogRows
{
    public const string Models = "model";
    public const string Removed = "Removed";
    private const string Body = "Body";

    public static string ModelKey(string id) => TableKey.Escape(id);

    public static string PricePartition(string id) => "price|" + TableKey.Escape(id);

    public static string PriceKey(ModelPrice price) =>
        TableKey.Inverted(price.EffectiveFrom) + "|" + price.Version.ToString("D6", CultureInfo.InvariantCulture);

    public static TableEntity ToEntity(ModelEntry model, bool removed) => new(Models, ModelKey(model.Id))
    {
        ["Provider"] = model.Provider,
        ["ModelName"] = model.ModelName,
        ["Revision"] = model.Revision,
        [Removed] = removed,
        [Body] = JsonSerializer.Serialize(model, CatalogJson.Default.ModelEntry),
    };

    public static ModelEntry ToModel(TableEntity entity) =>
        JsonSerializer.Deserialize(entity.GetString(Body), CatalogJson.Default.ModelEntry) ?? throw new InvalidDataException("A catalog row is empty.");

    public static bool IsRemoved(TableEntity entity) => entity.GetBoolean(Removed) ?? false;

    public static TableEntity ToEntity(string modelId, ModelPrice price) => new(PricePartition(modelId), PriceKey(price))
    {
        ["Version"] = price.Version,
        ["EffectiveFrom"] = price.EffectiveFrom,
        [Body] = JsonSerializer.Serialize(price, CatalogJson.Default.ModelPrice),
    };
}
