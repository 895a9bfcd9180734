using System.Text.Json.Serialization;
using ServerlessAi.Images.Printing;

namespace ServerlessAi.Images;

/// <summary>Where an image is kept. The URL to read it is made for each answer, because it expires.</summary>
/// <param name="Name">The store's own name of it: a blob name, or a Cloudinary public id.</param>
/// <param name="ContentType"><c>image/png</c>, <c>image/jpeg</c> or <c>image/webp</c>, as its bytes say; <c>application/pdf</c> for a print.</param>
public sealed record StoredImage(string Name, string ContentType, int Width, int Height, long Bytes)
{
    [JsonIgnore]
    internal bool IsPrint => string.Equals(ContentType, PdfPage.ContentType, StringComparison.Ordinal);

    internal static StoredImage OfPrint(string name, long bytes) => new(name, PdfPage.ContentType, Width: 0, Height: 0, bytes);

    /// <summary>The operation that made it.</summary>
    [JsonIgnore]
    public string Id => Path.GetFileNameWithoutExtension(Name);
}
