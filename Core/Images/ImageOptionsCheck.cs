using Microsoft.Extensions.Options;

namespace ServerlessAi.Images;

/// <summary>Checks what no single setting shows: that the chosen store has what it needs.</summary>
internal sealed class ImageOptionsCheck : IValidateOptions<ImageOptions>
{
    public ValidateOptionsResult Validate(string? name, ImageOptions options) => !options.UsesCloudinary || IsComplete(options.CloudinaryUrl)
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail("Images__Store is cloudinary, which needs Images__CloudinaryUrl in the form cloudinary://KEY:SECRET@CLOUD.");

    private static bool IsComplete(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && string.Equals(uri.Scheme, "cloudinary", StringComparison.Ordinal)
        && uri.Host.Length > 0
        && uri.UserInfo.Split(':') is [{ Length: > 0 }, { Length: > 0 }];
}
