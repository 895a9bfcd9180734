using System.Buffers.Binary;
using System.IO.Compression;

namespace ServerlessAi.Tests.Images;

/// <summary>Small PNG files of every kind (W3C PNG, clause 11); checksums are left at zero, which nobody here reads.</summary>
internal static class Pictures
{
    public static byte[] Png(int width, int height, byte color = 2, bool interlaced = false)
    {
        var components = color switch { 0 => 1, 4 => 2, 6 => 4, _ => 3 };
        using var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = (8, color, (byte)(interlaced ? 1 : 0));
        Write(file, "IHDR"u8, header);
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(new byte[height * (1 + width * components)]);
        }

        var half = data.ToArray().AsSpan(0, (int)data.Length / 2);
        // In two chunks, as writers of large images do.
        Write(file, "IDAT"u8, half);
        Write(file, "IDAT"u8, data.ToArray().AsSpan(half.Length));
        Write(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void Write(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
        file.Write(length);
        file.Write(type);
        file.Write(content);
        file.Write(new byte[4]);
    }
}
