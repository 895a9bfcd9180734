using System.Globalization;
using System.Text;

namespace ServerlessAi.Images.Printing;

/// <summary>
/// Writes a PDF of one page of exact size with one image in its middle (ISO 32000-1: 7.5 file structure, 8.9 images, 8.10 clipping). The image's data
/// goes in as it is: nothing is decoded, and memory is that of the file.
/// </summary>
internal static class PdfPage
{
    public const string ContentType = "application/pdf";

    private const string Producer = "ServerlessAi";

    /// <param name="title">Plain ASCII.</param>
    /// <param name="at">When it is made, as the document says.</param>
    public static ReadOnlyMemory<byte> Write(PrintSize size, PrintFit fit, PdfImage image, string title, DateTimeOffset at)
    {
        var file = new PdfFile(image.Data.Length);
        var space = image.TintTransform is null ? image.Dictionary : image.Dictionary.Replace("@", "7 0 R", StringComparison.Ordinal);
        var date = at.UtcDateTime.ToString("'D:'yyyyMMddHHmmss'Z'", CultureInfo.InvariantCulture);
        file.Add("<< /Type /Catalog /Pages 2 0 R >>");
        file.Add("<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
        file.Add($"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {Number(size.WidthPt)} {Number(size.HeightPt)}] /Resources << /XObject << /Image 5 0 R >> >> /Contents 4 0 R >>");
        file.Add("", Encoding.ASCII.GetBytes(Drawing(size, fit, image)));
        file.Add($"/Type /XObject /Subtype /Image /Width {image.Width} /Height {image.Height} {space}", image.Data);
        file.Add($"<< /Title ({title}) /Producer ({Producer}) /CreationDate ({date}) >>");
        if (image.TintTransform is { } function)
        {
            var (ins, outs) = (Ranges(image.TintInputs), Ranges(image.TintInputs - 1));
            file.Add($"/FunctionType 4 /Domain [{ins}] /Range [{outs}]", Encoding.ASCII.GetBytes(function));
        }

        return file.Finish(root: 1, info: 6);
    }

    // Clipped to the page, and scaled from the unit square that every image is drawn into.
    private static string Drawing(PrintSize size, PrintFit fit, PdfImage image)
    {
        var (across, down) = (size.WidthPt / image.Width, size.HeightPt / image.Height);
        var scale = fit == PrintFit.Cover ? Math.Max(across, down) : Math.Min(across, down);
        var (width, height) = (image.Width * scale, image.Height * scale);
        var (left, bottom) = ((size.WidthPt - width) / 2, (size.HeightPt - height) / 2);
        return $"q 0 0 {Number(size.WidthPt)} {Number(size.HeightPt)} re W n {Number(width)} 0 0 {Number(height)} {Number(left)} {Number(bottom)} cm /Image Do Q";
    }

    private static string Ranges(int count) => string.Join(' ', Enumerable.Repeat("0 1", count));

    private static string Number(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>Numbered objects, and the table at the end that says where each begins.</summary>
    private sealed class PdfFile(int dataLength)
    {
        private readonly MemoryStream bytes = Begun(dataLength);
        private readonly List<long> offsets = [];

        public void Add(string content)
        {
            offsets.Add(bytes.Length);
            Write(string.Create(CultureInfo.InvariantCulture, $"{offsets.Count} 0 obj\n{content}\nendobj\n"));
        }

        public void Add(string entries, ReadOnlyMemory<byte> stream)
        {
            offsets.Add(bytes.Length);
            Write(string.Create(CultureInfo.InvariantCulture, $"{offsets.Count} 0 obj\n<< {entries} /Length {stream.Length} >>\nstream\n"));
            bytes.Write(stream.Span);
            Write("\nendstream\nendobj\n");
        }

        public ReadOnlyMemory<byte> Finish(int root, int info)
        {
            var table = bytes.Length;
            Write(string.Create(CultureInfo.InvariantCulture, $"xref\n0 {offsets.Count + 1}\n0000000000 65535 f \n"));
            foreach (var offset in offsets)
            {
                Write(string.Create(CultureInfo.InvariantCulture, $"{offset:D10} 00000 n \n"));
            }

            Write(string.Create(CultureInfo.InvariantCulture, $"trailer\n<< /Size {offsets.Count + 1} /Root {root} 0 R /Info {info} 0 R >>\nstartxref\n{table}\n%%EOF\n"));
            return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        }

        private void Write(string text) => bytes.Write(Encoding.ASCII.GetBytes(text));

        // The second line tells tools that the file is binary.
        private static MemoryStream Begun(int dataLength)
        {
            var stream = new MemoryStream(dataLength + 4_096);
            stream.Write("%PDF-1.5\n%"u8);
            stream.Write([0xE2, 0xE3, 0xCF, 0xD3, (byte)'\n']);
            return stream;
        }
    }
}
