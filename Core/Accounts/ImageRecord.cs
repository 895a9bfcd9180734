using System.Collections.Immutable;
using Azure;

namespace ServerlessAi.Accounts;

/// <summary>An image as it joins an account's gallery. Prompts are not kept.</summary>
/// <param name="Id">The operation that made it, maybe another account's.</param>
/// <param name="Payload">What the gateway makes its answer from.</param>
public sealed record ImageRecord(string Id, DateTimeOffset CreatedAt, string Payload)
{
    /// <summary>As the account asked for it.</summary>
    public string? Aspect { get; init; }

    public string? Style { get; init; }

    public string? Size { get; init; }
}

/// <summary>A print-ready version that is kept, so that asking for it again is a lookup.</summary>
/// <param name="Spec">Page, resolution, fit and format, as one text.</param>
/// <param name="Name">The image store's name of it.</param>
/// <param name="WidthPx">Pixels of the image on the page.</param>
/// <param name="Dpi">Reached, not asked for.</param>
public sealed record PrintRecord(string Spec, string Name, string ContentType, int WidthPx, int HeightPx, long Bytes, double Dpi, bool Upscaled);

/// <summary>The row <c>image|inverted ticks|id</c>: an image of the gallery and what its owner has done with it since.</summary>
public sealed record GalleryImage(ImageRecord Image, ETag ETag)
{
    public bool Selected { get; init; }

    public DateTimeOffset? SelectedAt { get; init; }

    /// <summary>The newest last.</summary>
    public ImmutableArray<PrintRecord> Prints { get; init; } = [];
}

/// <param name="Next">Where the next page starts; null on the last one.</param>
public sealed record GalleryPage(IReadOnlyList<GalleryImage> Images, string? Next);
