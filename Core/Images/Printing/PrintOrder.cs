using System.Globalization;

namespace ServerlessAi.Images.Printing;

public enum PrintFormat
{
    Pdf = 0,
    Png = 1,
    Jpg = 2,
}

/// <summary>What happens where page and image differ in shape.</summary>
public enum PrintFit
{
    /// <summary>All of the image is on the page, with white beside it.</summary>
    Contain = 0,

    /// <summary>The image fills the page, and what goes beyond is cut off at both ends alike.</summary>
    Cover = 1,
}

/// <summary>A page with one image in its middle.</summary>
/// <param name="Dpi">Pixels an inch that are wanted.</param>
public sealed record PrintOrder(PrintSize Size, PrintFormat Format, int Dpi, PrintFit Fit)
{
    public const int LeastDpi = 72;
    public const int DefaultDpi = 150;
    public const int MostDpi = 300;

    /// <summary>Pixels a page may have: 40 × 60 inches at 150, 24 × 36 at 250.</summary>
    public const long PixelsLimit = 60_000_000;

    public int PageWidthPx => Px(Size.WidthIn);

    public int PageHeightPx => Px(Size.HeightIn);

    public long Pixels => (long)PageWidthPx * PageHeightPx;

    /// <summary>The order as a part of names: sides in hundredths of a point.</summary>
    public string Spec => string.Create(
        CultureInfo.InvariantCulture,
        $"{Math.Round(Size.WidthPt * 100):0}x{Math.Round(Size.HeightPt * 100):0}-{Dpi}-{(Fit == PrintFit.Cover ? "cover" : "contain")}.{Extension}");

    private string Extension => Format switch { PrintFormat.Png => "png", PrintFormat.Jpg => "jpg", _ => "pdf" };

    /// <summary>Pixels of an image of this size that lie on one inch of the page.</summary>
    public double DpiOf(int width, int height)
    {
        var (across, down) = (width / Size.WidthIn, height / Size.HeightIn);
        return Fit == PrintFit.Cover ? Math.Min(across, down) : Math.Max(across, down);
    }

    /// <summary>The part of the page that an image covers, in pixels of <see cref="Dpi"/>.</summary>
    public (int Width, int Height) AreaOf(int width, int height)
    {
        var dpi = DpiOf(width, height);
        return (Math.Min(PageWidthPx, Px(width / dpi)), Math.Min(PageHeightPx, Px(height / dpi)));
    }

    // Up, so that the resolution is reached; but a length that is whole may come out a hair longer.
    private int Px(double inches) => Math.Max(1, (int)Math.Ceiling(inches * Dpi - 0.001));
}
