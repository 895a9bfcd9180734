using System.ComponentModel.DataAnnotations;

namespace ServerlessAi.Images;

/// <summary>Where generated images are kept.</summary>
public sealed class ImageOptions
{
    public const string Section = "Images";

    /// <summary><c>blob</c> or <c>cloudinary</c>.</summary>
    [RegularExpression("^(blob|cloudinary)$")]
    public string Store { get; set; } = "blob";

    /// <summary>The private blob container; created when missing.</summary>
    [RegularExpression("^[a-z0-9](-?[a-z0-9]){2,62}$")]
    public string Container { get; set; } = "images";

    /// <summary>How long a blob's read URL works, hours. A delegation key lasts seven days, so no URL lasts longer.</summary>
    [Range(1, 144)]
    public int UrlHours { get; set; } = 24;

    /// <summary><c>cloudinary://KEY:SECRET@CLOUD</c></summary>
    public string? CloudinaryUrl { get; set; }

    /// <summary>Another upload address than Cloudinary's own, for tests.</summary>
    [RegularExpression("^https?://.+")]
    public string? CloudinaryApiBaseUrl { get; set; }

    /// <summary>Another address that delivers images than Cloudinary's own, for a domain of one's own and for tests.</summary>
    [RegularExpression("^https?://.+")]
    public string? CloudinaryDeliveryBaseUrl { get; set; }

    /// <summary>Folder in Cloudinary.</summary>
    public string CloudinaryFolder { get; set; } = "serverlessai";

    /// <summary>How long <c>ai-preview-image</c> is waited for before it answers 202 with a URL to ask again, milliseconds. The platform answers for us after 230 s.</summary>
    [Range(10, 220_000)]
    public int JobAfterMs { get; set; } = 60_000;

    internal bool UsesCloudinary => string.Equals(Store, "cloudinary", StringComparison.Ordinal);
}
