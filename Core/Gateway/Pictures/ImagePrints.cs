using System.Collections.Concurrent;
using System.Globalization;
using ServerlessAi.Accounts;
using ServerlessAi.Images;
using ServerlessAi.Images.Printing;
using ServerlessAi.Primitives;

namespace ServerlessAi;

/// <summary>A print-ready version of an image.</summary>
public sealed record ImagePrint(string ImageId, PrintOrder Order, PrintRecord Print, Uri Url);

/// <summary>
/// Makes images print-ready. It costs nothing, because nobody is asked who bills; so it is bounded instead: in pixels, in how many are made at once,
/// and each is kept for whoever asks again.
/// </summary>
public sealed class ImagePrints(ImageGallery images, Gallery gallery, IImageStore store, Throttle throttle, TimeProvider time)
{
    /// <summary>Prints of one image that are remembered; older ones are made again when asked for.</summary>
    private const int KeptLimit = 32;

    // Each takes three times the image's file, 25 MB at most: the file, its data, and the PDF.
    private const int AtOnceLimit = 4;

    private static readonly TimeSpan BusyRetry = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, bool> working = new(StringComparer.Ordinal);

    public async Task<Answer<ImagePrint>> PrintAsync(string accountId, string imageId, PrintOrder order, CancellationToken cancellationToken)
    {
        if (order.Pixels > PrintOrder.PixelsLimit)
        {
            return Refusal.Invalid($"The page would have {order.Pixels} pixels at {order.Dpi} DPI; {PrintOrder.PixelsLimit} are allowed.").With("limitPixels", PrintOrder.PixelsLimit);
        }

        if (throttle.Refuse(accountId) is { } tooFast)
        {
            return tooFast;
        }

        var found = await images.GetAsync(accountId, imageId, cancellationToken);
        if (!found.Succeeded)
        {
            return found.Refusal;
        }

        var image = found.Value;
        var print = image.Row.Prints.FirstOrDefault(kept => IsOf(kept, order)) is { } known ? known
            : order.Format == PrintFormat.Pdf ? await MakeOneAsync(accountId, image, order, cancellationToken)
            : Scaled(image, order);
        return print.Succeeded ? new ImagePrint(imageId, order, print.Value, await UrlOfAsync(image, order, print.Value, cancellationToken)) : print.Refusal;
    }

    private static bool IsOf(PrintRecord print, PrintOrder order) => string.Equals(print.Spec, order.Spec, StringComparison.Ordinal);

    // Nothing is made and nothing kept: the store scales when the URL is read.
    private Answer<PrintRecord> Scaled(OwnImage image, PrintOrder order) => store.GetScaledUrl(image.Stored, order) is null
        ? Refusal.Invalid("Images are kept as they are here, so a print is a PDF: leave 'format' out, or send 'pdf'. Pixels are scaled where images are kept at Cloudinary.")
        : new PrintRecord(
            order.Spec, Name: "", order.Format == PrintFormat.Png ? "image/png" : "image/jpeg", order.PageWidthPx, order.PageHeightPx, Bytes: 0, order.Dpi,
            order.DpiOf(image.Stored.Width, image.Stored.Height) < order.Dpi);

    private async Task<Uri> UrlOfAsync(OwnImage image, PrintOrder order, PrintRecord print, CancellationToken cancellationToken) => print.Name.Length > 0
        ? await store.GetReadUrlAsync(new StoredImage(print.Name, print.ContentType, print.WidthPx, print.HeightPx, print.Bytes), time.GetUtcNow(), cancellationToken)
        : store.GetScaledUrl(image.Stored, order) ?? throw new InvalidOperationException("A store that scaled no longer does.");

    private async Task<Answer<PrintRecord>> MakeOneAsync(string accountId, OwnImage image, PrintOrder order, CancellationToken cancellationToken)
    {
        if (working.Count >= AtOnceLimit || !working.TryAdd(accountId, value: true))
        {
            return new Refusal(RefusalCodes.ConcurrencyLimit, "Another print is being made; try again.", BusyRetry);
        }

        try
        {
            return await MakeAsync(accountId, image, order, cancellationToken);
        }
        finally
        {
            working.TryRemove(accountId, out _);
        }
    }

    private async Task<Answer<PrintRecord>> MakeAsync(string accountId, OwnImage image, PrintOrder order, CancellationToken cancellationToken)
    {
        var (width, height) = (image.Stored.Width, image.Stored.Height);
        var scaled = order.DpiOf(width, height) < order.Dpi ? await store.ReadScaledAsync(image.Stored, order, cancellationToken) : null;
        if ((scaled ?? await store.ReadAsync(image.Stored, cancellationToken)) is not { } source)
        {
            return Refusal.NotFound("The file of this image is gone.");
        }

        if (PdfImage.Of(source) is not { } embedded)
        {
            return Refusal.Invalid($"This image is {source.ContentType} of a kind that a PDF cannot hold.");
        }

        var title = string.Create(CultureInfo.InvariantCulture, $"Print, {order.Size.WidthIn:0.##} x {order.Size.HeightIn:0.##} in");
        var pdf = PdfPage.Write(order.Size, order.Fit, embedded, title, time.GetUtcNow());
        var name = $"{Path.ChangeExtension(image.Stored.Name, extension: null)}-{order.Spec}";
        var saved = await store.SavePrintAsync(name, pdf, cancellationToken);
        // What was reached, by the pixels that are there.
        var dpi = Math.Round(order.DpiOf(source.Width, source.Height), 1);
        var print = new PrintRecord(order.Spec, saved.Name, PdfPage.ContentType, source.Width, source.Height, pdf.Length, dpi, scaled is not null && scaled.Width > width);
        await gallery.ChangeAsync(accountId, image.Row, row => row with { Prints = [.. row.Prints.Where(kept => !IsOf(kept, order)).TakeLast(KeptLimit - 1), print] }, cancellationToken);
        return print;
    }
}
