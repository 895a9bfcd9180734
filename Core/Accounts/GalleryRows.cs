using System.Collections.Immutable;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// Row keys and row shapes of galleries, in the account's partition. What the owner changes has properties of its own beside the body, so that a
/// settlement which comes after the image was found in the cache leaves a selection as it is.
/// </summary>
internal static class GalleryRows
{
    public const string First = "image|";

    /// <summary>'}' follows '|' in the order of characters.</summary>
    public const string End = "image}";

    private const string Body = "Body";
    private const string IsSelected = "Selected";
    private const string SelectedAt = "SelectedAt";
    private const string Prints = "Prints";
    private const string CreatedAt = "CreatedAt";

    public static string Key(DateTimeOffset createdAt, string id) => $"{First}{TableKey.Inverted(createdAt)}|{TableKey.Escape(id)}";

    /// <summary>Leads from the id of an image that the account did not make to its row; for its own the hold does.</summary>
    public static string PointerKey(string id) => "imageof|" + TableKey.Escape(id);

    public static TableEntity ToEntity(string partition, ImageRecord image) => new(partition, Key(image.CreatedAt, image.Id)) { [Body] = StoredJson.Write(image) };

    public static TableEntity ToPointer(string partition, ImageRecord image) => new(partition, PointerKey(image.Id)) { [CreatedAt] = image.CreatedAt };

    /// <summary>Both rows of an image that came from the cache.</summary>
    public static ImmutableArray<TableEntity> ToEntities(string partition, ImageRecord image) => [ToEntity(partition, image), ToPointer(partition, image)];

    /// <summary>The keys of the rows that an image has.</summary>
    public static ImmutableArray<string> KeysOf(RemovedImage image) => image.HasPointer ? [Key(image.CreatedAt, image.Id), PointerKey(image.Id)] : [Key(image.CreatedAt, image.Id)];

    public static DateTimeOffset? ToCreatedAt(TableEntity pointer) => pointer.GetDateTimeOffset(CreatedAt);

    /// <summary>What the owner has changed, to be merged into the row.</summary>
    public static TableEntity ToChange(string partition, GalleryImage image)
    {
        var change = new TableEntity(partition, Key(image.Image.CreatedAt, image.Image.Id)) { [IsSelected] = image.Selected, [Prints] = StoredJson.Write(image.Prints) };
        if (image.SelectedAt is { } at)
        {
            change[SelectedAt] = at;
        }

        return change;
    }

    public static GalleryImage ToImage(TableEntity row)
    {
        var isSelected = row.GetBoolean(IsSelected) ?? false;
        return new GalleryImage(StoredJson.Read<ImageRecord>(row.GetString(Body)), row.ETag)
        {
            Selected = isSelected,
            SelectedAt = isSelected ? row.GetDateTimeOffset(SelectedAt) : null,
            Prints = row.GetString(Prints) is { } prints ? StoredJson.Read<ImmutableArray<PrintRecord>>(prints) : [],
        };
    }
}
