using ServerlessAi.Images.Printing;

namespace ServerlessAi.Images;

/// <summary>Keeps images. Blob Storage or Cloudinary, as configured.</summary>
public interface IImageStore
{
    /// <summary>Keeps an image under a name; the same name again replaces it.</summary>
    /// <exception cref="Exception">What <see cref="Storage.StorageFaults.IsUnavailable"/> knows, when the store does not answer.</exception>
    Task<StoredImage> SaveAsync(string name, ImageBytes image, CancellationToken cancellationToken);

    /// <summary>A URL that reads the image without further credentials, for a limited time where the store can limit it.</summary>
    /// <param name="from">When that time begins. The same image and instant give the same URL, as long as the store signs with the same key.</param>
    Task<Uri> GetReadUrlAsync(StoredImage image, DateTimeOffset from, CancellationToken cancellationToken);

    /// <summary>The image as it was saved, at most <see cref="ImageBytes.SizeLimit"/> bytes; null when it is gone.</summary>
    /// <inheritdoc cref="SaveAsync" path="/exception"/>
    Task<ImageBytes?> ReadAsync(StoredImage image, CancellationToken cancellationToken);

    /// <summary>Keeps a PDF made of an image; the same name again replaces it.</summary>
    /// <inheritdoc cref="SaveAsync" path="/exception"/>
    Task<StoredImage> SavePrintAsync(string name, ReadOnlyMemory<byte> pdf, CancellationToken cancellationToken);

    /// <summary>A URL that reads the image at the order's pixels, and as its format; null where the store keeps images as they are.</summary>
    Uri? GetScaledUrl(StoredImage image, PrintOrder order);

    /// <summary>The image scaled to the pixels of its part of the page; null where the store keeps images as they are.</summary>
    /// <inheritdoc cref="SaveAsync" path="/exception"/>
    Task<ImageBytes?> ReadScaledAsync(StoredImage image, PrintOrder order, CancellationToken cancellationToken);

    /// <summary>Whether the store answers.</summary>
    Task PingAsync(CancellationToken cancellationToken);
}
