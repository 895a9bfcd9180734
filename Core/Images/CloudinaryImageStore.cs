using System.Net;
using CloudinaryDotNet;
using CloudinaryDotNet.Actions;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Images;

/// <summary>
/// Images at Cloudinary. They are uploaded with a signature and read through delivery URLs, which are public and do not expire: whoever has one can
/// read the image, so names must not be guessable.
/// </summary>
/// <remarks>cloudinary.com/documentation/image_upload_api_reference; its Upload API has no rate limit, unlike its Admin API.</remarks>
public sealed class CloudinaryImageStore : IImageStore
{
    // Settling waits for the upload, and the platform for both.
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(20);

    private readonly Cloudinary cloudinary;
    private readonly string folder;

    public CloudinaryImageStore(IOptions<ImageOptions> options)
    {
        cloudinary = new Cloudinary(options.Value.CloudinaryUrl ?? throw new InvalidOperationException("Set Images__CloudinaryUrl."));
        cloudinary.Api.Secure = true;
        cloudinary.Api.Client.Timeout = CallTimeout;
        folder = options.Value.CloudinaryFolder.Trim('/');
        if (options.Value.CloudinaryApiBaseUrl is { Length: > 0 } address)
        {
            cloudinary.Api.ApiBaseAddress = address.TrimEnd('/');
        }
    }

    /// <summary>The stored name is the public id and the extension, which together make the delivery URL.</summary>
    public async Task<StoredImage> SaveAsync(string name, ImageBytes image, CancellationToken cancellationToken)
    {
        var publicId = PublicId(name);
        using var content = new MemoryStream(image.Content.ToArray(), writable: false);
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
        Task.FromResult(new Uri(cloudinary.Api.UrlImgUp.BuildUrl(image.Name)));

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

    private string PublicId(string name)
    {
        var bare = Path.ChangeExtension(name, extension: null);
        return folder.Length > 0 ? $"{folder}/{bare}" : bare;
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
