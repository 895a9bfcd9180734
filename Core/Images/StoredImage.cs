namespace ServerlessAi.Images;

/// <summary>Where an image is kept. The URL to read it is made for each answer, because it expires.</summary>
/// <param name="Name">The store's own name of it: a blob name, or a Cloudinary public id.</param>
/// <param name="ContentType"><c>image/png</c>, <c>image/jpeg</c> or <c>image/webp</c>, as its bytes say.</param>
public sealed record StoredImage(string Name, string ContentType, int Width, int Height, long Bytes);
