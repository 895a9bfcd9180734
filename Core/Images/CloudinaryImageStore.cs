using System.Net;
using CloudinaryDotNet;
using CloudinaryDotNet.Actions;
using Microsoft.Extensions.Options;
using ServerlessAi.Images.Printing;

namespace ServerlessAi.Images;

/// <summary>
/// Images at Cloudinary. They are uploaded with a signature and read through delivery URLs, which are public and do not expire: whoever has one can
/// read the image, so names must not be guessable.
/// </summary>
/// <remarks>
/// cloudinary.com/documentation/image_upload_api_reference; its Upload API has no rate limit, unlike its Admin API. Scaling:
/// cloudinary.com/documentation/transformation_reference, <c>c_pad</c>, <c>c_fill</c>, <c>c_scale</c> and <c>dn</c>.
/// </remarks>
public sealed class CloudinaryImageStore : IImageStore
{
    // Settling waits for the upload, and the platform for both.
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(20);

    private const string DeliveryAddress = "https://res.cloudinary.com";
    private const int PrintQuality = 95;

    private readonly Cloudinary cloudinary;
    private readonly string folder;
    private readonly string deliveryAddress;

    public CloudinaryImageStore(IOptions<ImageOptions> options)
    {
        cloudinary = new Cloudinary(options.Value.CloudinaryUrl ?? throw new InvalidOperationException("Set Images__CloudinaryUrl."));
        cloudinary.Api.Secure = true;
        cloudinary.Api.Client.Timeout = CallTimeout;
        folder = options.Value.CloudinaryFolder.Trim('/');
        deliveryAddress = options.Value.CloudinaryDeliveryBaseUrl?.TrimEnd('/') ?? DeliveryAddress;
        if (options.Value.CloudinaryApiBaseUrl is { Length: > 0 } address)
        {
            cloudinary.Api.ApiBaseAddress = address.TrimEnd('/');
        }
    }

    /// <summary>The stored name is the public id and the extension, which together make the delivery URL.</summary>
    public async Task<StoredImage> SaveAsync(string name, ImageBytes image, CancellationToken cancellationToken)
    {
        var publicId = PublicId(name);
        using var content = BinaryData.FromBytes(image.Content).ToStream();
        var upload = new ImageUploadParams
        {
            File = new FileDescription(Path.GetFileName(name), content),
            PublicId = publicId,
            Overwrite = true,
            UniqueFilename = false,
        };
        var result = await CallAsync(() => cloudinary.UploadAsync(upload, cancellationToken));
        return Problem(result) is { } problem
            ? throw problem
            : new StoredImage($"{result.PublicId ?? publicId}.{image.Extension}", image.ContentType, image.Width, image.Height, image.Content.Length);
    }

    public Task<Uri> GetReadUrlAsync(StoredImage image, DateTimeOffset from, CancellationToken cancellationToken) =>
        Task.FromResult(Delivered((image.IsPrint ? cloudinary.Api.Url.ResourceType("raw").Action("upload") : cloudinary.Api.UrlImgUp).BuildUrl(image.Name)));

    public async Task<ImageBytes?> ReadAsync(StoredImage image, CancellationToken cancellationToken) =>
        await DownloadAsync(await GetReadUrlAsync(image, default, cancellationToken), cancellationToken);

    /// <summary>As a raw file: what the service would make of an image as PDF is a page of a size that it does not document.</summary>
    /// <remarks>Accounts of its free plan must allow the delivery of PDF files, in the console under Security.</remarks>
    public async Task<StoredImage> SavePrintAsync(string name, ReadOnlyMemory<byte> pdf, CancellationToken cancellationToken)
    {
        using var content = BinaryData.FromBytes(pdf).ToStream();
        // The public id of a raw file has its extension.
        var publicId = PublicId(name) + Path.GetExtension(name);
        var upload = new RawUploadParams { File = new FileDescription(Path.GetFileName(name), content), PublicId = publicId, Overwrite = true, UniqueFilename = false };
        var result = await CallAsync(() => cloudinary.UploadAsync(upload, "raw", cancellationToken));
        return Problem(result) is { } problem ? throw problem : StoredImage.OfPrint(result.PublicId ?? publicId, pdf.Length);
    }

    public Uri? GetScaledUrl(StoredImage image, PrintOrder order) => Scaled(
        image, new Transformation().Width(order.PageWidthPx).Height(order.PageHeightPx).Crop(order.Fit == PrintFit.Cover ? "fill" : "pad").Background("white"), order, order.Format == PrintFormat.Png ? "png" : "jpg");

    public async Task<ImageBytes?> ReadScaledAsync(StoredImage image, PrintOrder order, CancellationToken cancellationToken)
    {
        var (width, height) = order.AreaOf(image.Width, image.Height);
        var scale = new Transformation().Width(width).Height(height).Crop(order.Fit == PrintFit.Cover ? "fill" : "scale");
        return await DownloadAsync(Scaled(image, scale, order, "jpg"), cancellationToken);
    }

    /// <summary>
    /// Deletes an image that never exists. That is one small signed request which proves that the service answers and takes our key; the Admin API's
    /// own ping counts against an hourly limit that health checks would use up.
    /// </summary>
    public async Task PingAsync(CancellationToken cancellationToken)
    {
        var result = await CallAsync(() => cloudinary.DestroyAsync(new DeletionParams(PublicId("ping/nothing-is-stored-here.png"))).WaitAsync(cancellationToken));
        if (Problem(result) is { } problem)
        {
            throw problem;
        }
    }

    // Signed, so that they work where an account allows no transformations that others made up.
    private Uri Scaled(StoredImage image, Transformation transformation, PrintOrder order, string format)
    {
        var sized = transformation.Density(order.Dpi).Quality(PrintQuality);
        return Delivered(cloudinary.Api.UrlImgUp.Transform(sized).Signed(true).Format(format).BuildUrl(Path.ChangeExtension(image.Name, extension: null)));
    }

    private Uri Delivered(string url) => new(string.Concat(deliveryAddress, url.AsSpan(DeliveryAddress.Length)));

    // Only what was built above is ever asked for. 423 says that a derived image is not ready yet.
    private async Task<ImageBytes?> DownloadAsync(Uri url, CancellationToken cancellationToken)
    {
        using var response = await cloudinary.Api.Client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new HttpRequestException($"Cloudinary does not deliver: {(int)response.StatusCode}.", inner: null, response.StatusCode);
        }

        await response.Content.LoadIntoBufferAsync(ImageBytes.SizeLimit, cancellationToken);
        return ImageBytes.Sniff(await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    private string PublicId(string name)
    {
        var bare = Path.ChangeExtension(name, extension: null);
        // A print is named after its image, whose name has the folder.
        return folder.Length > 0 && !bare.StartsWith(folder + "/", StringComparison.Ordinal) ? $"{folder}/{bare}" : bare;
    }

    private static async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (exception.GetType() == typeof(Exception))
        {
            // The package throws a bare Exception when the answer is no JSON, which is what gateways in between give.
            throw new IOException("Cloudinary's answer is not the JSON it documents.", exception);
        }
    }

    // 420 is how the service said "rate limited" before 429 was customary.
    private static Exception? Problem(BaseResult result) => (int)result.StatusCode switch
    {
        408 or 420 or 429 or >= 500 => new HttpRequestException($"Cloudinary does not take images now: {(int)result.StatusCode}.", inner: null, result.StatusCode),
        _ when result.Error is { } error => new InvalidOperationException($"Cloudinary refused ({(int)result.StatusCode}): {error.Message}"),
        (int)HttpStatusCode.OK => null,
        _ => new InvalidOperationException($"Cloudinary refused ({(int)result.StatusCode})."),
    };
}
