using System.Buffers.Binary;

namespace ServerlessAi.Images.Printing;

/// <summary>
/// An image's own compressed data, as a PDF takes it without decoding: a JPEG whole (ISO 32000-1, 7.4.8), and of a PNG the image data, which is compressed
/// and predicted the same way in both formats (7.4.4.4, and W3C PNG, clause 9).
/// </summary>
/// <param name="Dictionary">The entries of the image's dictionary that say how to read the data.</param>
internal sealed record PdfImage(int Width, int Height, string Dictionary, ReadOnlyMemory<byte> Data)
{
    private const int PngHeader = 8;

    // Composes colour and opacity on white paper: c·a + 1 − a for each of red, green and blue; grey alike.
    private const string OnWhiteRgb = "{4 -1 roll 1 index mul 1 add 1 index sub 4 1 roll 3 -1 roll 1 index mul 1 add 1 index sub 3 1 roll dup 3 -1 roll mul 1 add exch sub}";
    private const string OnWhiteGray = "{dup 3 -1 roll mul 1 add exch sub}";

    /// <returns>Null for what a PDF cannot hold as it is: WebP, and interlaced PNG.</returns>
    public static PdfImage? Of(ImageBytes image) => image.ContentType switch
    {
        "image/png" => OfPng(image),
        "image/jpeg" => OfJpeg(image),
        _ => null,
    };

    private static PdfImage? OfPng(ImageBytes image)
    {
        var bytes = image.Content.Span;
        // Width and height are known; then bits a sample, type of colour, compression, filter, interlace.
        var (bits, color, isInterlaced) = (bytes[24], bytes[25], bytes[28] != 0);
        if (isInterlaced || bits is not (1 or 2 or 4 or 8 or 16) || ReadChunks(image.Content) is not { } chunks || ColorSpace(color, chunks.Palette) is not var (space, components, function))
        {
            return null;
        }

        var dictionary = $"/ColorSpace {space} /BitsPerComponent {bits} /Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors {components} /BitsPerComponent {bits} /Columns {image.Width} >>";
        return new PdfImage(image.Width, image.Height, dictionary, chunks.Data) { TintTransform = function, TintInputs = components };
    }

    /// <summary>A PostScript calculator function that the colour space names as <c>@</c>; null when it needs none.</summary>
    public string? TintTransform { get; private init; }

    /// <summary>Numbers that go into <see cref="TintTransform"/>; one fewer comes out.</summary>
    public int TintInputs { get; private init; }

    // W3C PNG, 11.2.2: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha.
    private static (string Space, int Components, string? Function)? ColorSpace(byte color, ReadOnlyMemory<byte> palette) => color switch
    {
        0 => ("/DeviceGray", 1, null),
        2 => ("/DeviceRGB", 3, null),
        3 when palette.Length is > 0 and <= 768 && palette.Length % 3 == 0 => ($"[/Indexed /DeviceRGB {palette.Length / 3 - 1} <{Convert.ToHexString(palette.Span)}>]", 1, null),
        4 => ("[/DeviceN [/Gray /Alpha] /DeviceGray @]", 2, OnWhiteGray),
        6 => ("[/DeviceN [/Red /Green /Blue /Alpha] /DeviceRGB @]", 4, OnWhiteRgb),
        _ => null,
    };

    private static (ReadOnlyMemory<byte> Palette, ReadOnlyMemory<byte> Data)? ReadChunks(ReadOnlyMemory<byte> file)
    {
        using var data = new MemoryStream(file.Length);
        var palette = ReadOnlyMemory<byte>.Empty;
        // Length, type, content, checksum.
        for (var at = PngHeader; at + 12 <= file.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(file.Span[at..]);
            if (length > file.Length - at - 12)
            {
                return null;
            }

            var type = file.Span.Slice(at + 4, 4);
            var content = file.Slice(at + 8, (int)length);
            if (type.SequenceEqual("IEND"u8))
            {
                return data.Length > 0 ? (palette, data.GetBuffer().AsMemory(0, (int)data.Length)) : null;
            }

            if (type.SequenceEqual("IDAT"u8))
            {
                data.Write(content.Span);
            }
            else if (type.SequenceEqual("PLTE"u8))
            {
                palette = content;
            }

            at += 12 + (int)length;
        }

        // Cut off.
        return null;
    }

    private static PdfImage? OfJpeg(ImageBytes image)
    {
        var space = Components(image.Content.Span) switch { 1 => "/DeviceGray", 3 => "/DeviceRGB", _ => null };
        return space is null ? null : new PdfImage(image.Width, image.Height, $"/ColorSpace {space} /BitsPerComponent 8 /Filter /DCTDecode", image.Content);
    }

    // ITU T.81, B.2.2: the start-of-frame has them after precision, height and width.
    private static int Components(ReadOnlySpan<byte> bytes)
    {
        for (var at = 2; at + 9 < bytes.Length && bytes[at] == 0xFF;)
        {
            var marker = bytes[at + 1];
            if (marker is >= 0xC0 and <= 0xCF and not 0xC4 and not 0xC8 and not 0xCC)
            {
                return bytes[at + 9];
            }

            at += marker == 0xFF ? 1 : 2 + BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
        }

        return 0;
    }
}
