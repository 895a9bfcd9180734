using System.Buffers.Binary;

namespace ServerlessAi.Images;

/// <summary>An image and what its own bytes say of it; what a provider claims about them is not believed.</summary>
public sealed record ImageBytes(ReadOnlyMemory<byte> Content, string ContentType, int Width, int Height)
{
    /// <summary>Bytes an image may have at most.</summary>
    public const int SizeLimit = 25 * 1024 * 1024;

    public string Extension => ContentType switch { "image/png" => "png", "image/jpeg" => "jpg", _ => "webp" };

    /// <summary>Reads type and size from the header (PNG, JPEG, WebP); null when the bytes are none of these or too many.</summary>
    public static ImageBytes? Sniff(ReadOnlyMemory<byte> content)
    {
        var bytes = content.Span;
        if (bytes.Length is < 30 or > SizeLimit)
        {
            return null;
        }

        var found = Png(bytes) ?? Webp(bytes) ?? Jpeg(bytes);
        return found is var (type, width, height) && width > 0 && height > 0 ? new ImageBytes(content, type, width, height) : null;
    }

    // PNG (W3C), 11.2.2: signature, then IHDR with width and height as its first fields.
    private static (string Type, int Width, int Height)? Png(ReadOnlySpan<byte> bytes) =>
        bytes[0] != 0x89 || !bytes[1..].StartsWith("PNG\r\n\u001a\n"u8) || !bytes[12..].StartsWith("IHDR"u8)
            ? null
            : ("image/png", BinaryPrimitives.ReadInt32BigEndian(bytes[16..]), BinaryPrimitives.ReadInt32BigEndian(bytes[20..]));

    // RFC 9649: RIFF container with a VP8, VP8L or VP8X chunk first.
    private static (string Type, int Width, int Height)? Webp(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith("RIFF"u8) || !bytes[8..].StartsWith("WEBP"u8))
        {
            return null;
        }

        if (bytes[12..].StartsWith("VP8X"u8))
        {
            return ("image/webp", 1 + Read24(bytes[24..]), 1 + Read24(bytes[27..]));
        }

        if (bytes[12..].StartsWith("VP8L"u8))
        {
            var bits = BinaryPrimitives.ReadUInt32LittleEndian(bytes[21..]);
            return ("image/webp", 1 + (int)(bits & 0x3FFF), 1 + (int)((bits >> 14) & 0x3FFF));
        }

        return bytes[12..].StartsWith("VP8 "u8)
            ? ("image/webp", BinaryPrimitives.ReadUInt16LittleEndian(bytes[26..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]) & 0x3FFF)
            : null;
    }

    // ITU T.81, B.2.2: walk the segments to the start-of-frame, which holds height and width.
    private static (string Type, int Width, int Height)? Jpeg(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] != 0xFF || bytes[1] != 0xD8)
        {
            return null;
        }

        for (var at = 2; at + 9 < bytes.Length && bytes[at] == 0xFF;)
        {
            var marker = bytes[at + 1];
            if (marker is >= 0xC0 and <= 0xCF and not 0xC4 and not 0xC8 and not 0xCC)
            {
                return ("image/jpeg", BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 7)..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 5)..]));
            }

            at += marker == 0xFF ? 1 : 2 + BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
        }

        return null;
    }

    private static int Read24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
}
