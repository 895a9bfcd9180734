using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace ServerlessAi.Tests.Images;

/// <summary>Reads the PDFs of prints from what ISO 32000-1 says of files (7.5), not from what writes them: through the table at their end.</summary>
internal sealed partial class PdfReading
{
    private readonly byte[] bytes;
    private readonly List<string> objects = [];
    private readonly List<byte[]?> streams = [];

    public PdfReading(byte[] bytes)
    {
        this.bytes = bytes;
        var text = Encoding.Latin1.GetString(bytes);
        Assert.StartsWith("%PDF-1.", text, StringComparison.Ordinal);
        Assert.EndsWith("%%EOF\n", text, StringComparison.Ordinal);
        var table = Table().Match(text, int.Parse(Start().Match(text).Groups["at"].Value, CultureInfo.InvariantCulture));
        Assert.True(table.Success, "startxref leads to no table.");
        var entries = table.Groups["entry"].Captures.Select(entry => entry.Value).ToList();
        Assert.Equal(entries.Count, int.Parse(table.Groups["count"].Value, CultureInfo.InvariantCulture));
        Assert.All(entries, entry => Assert.Equal(20, entry.Length));
        for (var number = 1; number < entries.Count; number++)
        {
            Add(text, number, int.Parse(entries[number][..10], CultureInfo.InvariantCulture));
        }

        Trailer = text[(table.Index + table.Length)..];
    }

    public string Trailer { get; }

    public string Page => Of("/Type /Page ");

    public string Image => Of("/Subtype /Image");

    public string Info => Of("/Producer");

    public byte[] ImageData => streams[objects.IndexOf(Image)]!;

    /// <summary>What is drawn on the page.</summary>
    public string Drawing => Encoding.ASCII.GetString(streams[int.Parse(Contents().Match(Page).Groups["number"].Value, CultureInfo.InvariantCulture) - 1]!);

    /// <summary>Points.</summary>
    public double[] MediaBox => Numbers(MediaBoxes().Match(Page).Groups["numbers"].Value);

    public int ImageWidth => Entry("Width");

    public int ImageHeight => Entry("Height");

    /// <summary>Where the image lies on the page: left, bottom, width, height, points.</summary>
    public (double Left, double Bottom, double Width, double Height) Placed
    {
        get
        {
            var matrix = Numbers(Matrix().Match(Drawing).Groups["numbers"].Value);
            return (matrix[4], matrix[5], matrix[0], matrix[3]);
        }
    }

    public double ImageDpi => ImageWidth / (Placed.Width / 72);

    /// <summary>The samples' rows with their predictors, unpacked.</summary>
    public byte[] Inflate()
    {
        using var unpacked = new MemoryStream();
        using var zlib = new ZLibStream(new MemoryStream(ImageData), CompressionMode.Decompress);
        zlib.CopyTo(unpacked);
        return unpacked.ToArray();
    }

    private void Add(string text, int number, int offset)
    {
        var begin = $"{number} 0 obj\n";
        Assert.Equal(begin, text.Substring(offset, begin.Length));
        var body = offset + begin.Length;
        var end = text.IndexOf("endobj", body, StringComparison.Ordinal);
        var stream = text.IndexOf("stream\n", body, StringComparison.Ordinal);
        if (stream < 0 || stream > end)
        {
            objects.Add(text[body..end]);
            streams.Add(null);
            return;
        }

        var dictionary = text[body..stream];
        var length = int.Parse(Length().Match(dictionary).Groups["length"].Value, CultureInfo.InvariantCulture);
        var data = stream + "stream\n".Length;
        Assert.Equal("\nendstream\nendobj\n", text.Substring(data + length, "\nendstream\nendobj\n".Length));
        objects.Add(dictionary);
        streams.Add(bytes[data..(data + length)]);
    }

    private string Of(string mark) => Assert.Single(objects, found => found.Contains(mark, StringComparison.Ordinal));

    private int Entry(string name) => int.Parse(Regex.Match(Image, $@"/{name} (\d+)", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value, CultureInfo.InvariantCulture);

    private static double[] Numbers(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(number => double.Parse(number, CultureInfo.InvariantCulture))];

    [GeneratedRegex(@"startxref\n(?<at>\d+)\n%%EOF\n$", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Start();

    [GeneratedRegex(@"\Gxref\n0 (?<count>\d+)\n(?<entry>\d{10} \d{5} [nf] \n)+", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Table();

    [GeneratedRegex(@"/MediaBox \[(?<numbers>[^\]]+)\]", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex MediaBoxes();

    [GeneratedRegex(@"/Contents (?<number>\d+) 0 R", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Contents();

    [GeneratedRegex(@"W n (?<numbers>[-\d. ]+) cm /Image Do", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Matrix();

    [GeneratedRegex(@"/Length (?<length>\d+)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Length();
}
