using System.Globalization;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Pricing;

/// <summary>Keys and shapes of the table <c>catalog</c>: the current entry of a model, and every version of its price.</summary>
internal static class CatalogRows
{
    public const string Models = "model";
    public const string Removed = "Removed";
    private const string Body = "Body";
    private const string StatesAbilities = "StatesAbilities";

    // Shipped prices have been in force since ever; for Table Storage that is 1601, the least date-time it takes.
    private static readonly DateTimeOffset Ever = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero);

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
        [StatesAbilities] = true,
        [Body] = StoredJson.Write(model),
    };

    public static ModelEntry ToModel(TableEntity entity)
    {
        var model = StoredJson.Read<ModelEntry>(entity.GetString(Body));
        // Rows from before abilities counted have a 'false' where nobody said anything.
        return entity.ContainsKey(StatesAbilities) ? model : model with { Vision = IfTrue(model.Vision), Tools = IfTrue(model.Tools) };
    }

    public static bool IsRemoved(TableEntity entity) => entity.GetBoolean(Removed) ?? false;

    private static bool? IfTrue(bool? ability) => ability is true ? true : null;

    public static TableEntity ToEntity(string modelId, ModelPrice price) => new(PricePartition(modelId), PriceKey(price))
    {
        ["Version"] = price.Version,
        ["EffectiveFrom"] = price.EffectiveFrom < Ever ? Ever : price.EffectiveFrom,
        [Body] = StoredJson.Write(price),
    };
}
