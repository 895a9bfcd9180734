using System.Collections.Frozen;
using System.Globalization;

namespace ServerlessAi.Images.Printing;

/// <summary>A page's size, inches, to the hundredth of a point.</summary>
public sealed record PrintSize(double WidthIn, double HeightIn)
{
    /// <summary>The shortest and the longest side, inches.</summary>
    public const double LeastIn = 1;

    public const double MostIn = 60;

    private const double PointsPerIn = 72;
    private const double MmPerIn = 25.4;
    private const int TextLimit = 40;

    /// <summary>Names of portrait pages, millimetres: ISO 216, and what North America uses. <c>-landscape</c> turns them.</summary>
    private static readonly FrozenDictionary<string, (double Width, double Height)> NamesMm = new Dictionary<string, (double, double)>(StringComparer.Ordinal)
    {
        ["a0"] = (841, 1189),
        ["a1"] = (594, 841),
        ["a2"] = (420, 594),
        ["a3"] = (297, 420),
        ["a4"] = (210, 297),
        ["a5"] = (148, 210),
        ["letter"] = (8.5 * MmPerIn, 11 * MmPerIn),
        ["legal"] = (8.5 * MmPerIn, 14 * MmPerIn),
        ["tabloid"] = (11 * MmPerIn, 17 * MmPerIn),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string Accepted => $"WIDTHxHEIGHT in inches ({LeastIn} to {MostIn}), with 'cm' or 'mm' behind it for those, or one of {string.Join(", ", NamesMm.Keys.Order(StringComparer.Ordinal))}";

    public double WidthPt => WidthIn * PointsPerIn;

    public double HeightPt => HeightIn * PointsPerIn;

    /// <summary>Reads <c>24x36</c>, <c>24x36in</c>, <c>61x91.4cm</c>, <c>610x914mm</c>, <c>a4</c>, <c>A4-landscape</c>; null for anything else or out of bounds.</summary>
    public static PrintSize? Parse(string text)
    {
        if (text.Length > TextLimit)
        {
            return null;
        }

        var plain = text.Trim().ToLowerInvariant();
        var isTurned = plain.EndsWith("-landscape", StringComparison.Ordinal);
        if (NamesMm.TryGetValue(isTurned ? plain[..^"-landscape".Length] : plain, out var named))
        {
            return isTurned ? Of(named.Height / MmPerIn, named.Width / MmPerIn) : Of(named.Width / MmPerIn, named.Height / MmPerIn);
        }

        var (sides, perIn) = plain switch
        {
            [.. var number, 'm', 'm'] => (number, MmPerIn),
            [.. var number, 'c', 'm'] => (number, MmPerIn / 10),
            [.. var number, 'i', 'n'] => (number, 1),
            _ => (plain, 1),
        };
        return sides.Split('x') is [var width, var height] && Number(width) is { } wide && Number(height) is { } high ? Of(wide / perIn, high / perIn) : null;
    }

    // Digits and a point alone: no sign, no exponent, no NaN.
    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private static PrintSize? Of(double widthIn, double heightIn) =>
        Rounded(widthIn) is var wide and >= LeastIn and <= MostIn && Rounded(heightIn) is var high and >= LeastIn and <= MostIn ? new PrintSize(wide, high) : null;

    private static double Rounded(double inches) => Math.Round(inches * PointsPerIn, 2) / PointsPerIn;
}
