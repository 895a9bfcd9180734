using System.Globalization;
using System.Numerics;

namespace ServerlessAi.Providers.Images.Sample;

/// <summary>Words on a dark band, in a font of 5 × 7 squares that is drawn here.</summary>
internal static class Caption
{
    private const int GlyphWidth = 5;
    private const int GlyphHeight = 7;
    private const int LinesLimit = 3;
    private const string Accented = "ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝß’“”–—";
    private const string Plain = "AAAAAACEEEEIIIINOOOOOOUUUUYS'\"\"--";
    private const string Note = "SAMPLE PICTURE, DRAWN WITHOUT AI";

    // A character, then its 35 squares from the top left, as nine hexadecimal digits.
    private const string Font = """
        A3A31FC631 B7A31F463E C3A308422E D7A318C63E E7E10F421F F7E10F4210 G3A30BC62E H4631FC631 I38842108E J1C4210A4C
        K4654C5251 L42108421F M4775AC631 N4739ACE71 O3A318C62E P7A31F4210 Q3A318D64D R7A31F5251 S3E107043E T7C8421084
        U46318C62E V46318A944 W4631AD771 X462A22A31 Y462A21084 Z7C222221F 03A33AE62E 111842108E 23A211111F 378217043E
        408CA97C42 57E1E0862E 61910F462E 77C2221108 83A317462E 93A317844C .000000084 ,000001088 !108421004 ?3A2111004
        :008401080 ;008401088 -000070000 +0084F9080 '108000000 "294000000 (088842082 )208210888 /042222210 &32544564D
        %672222273 #295F57D4A @3A37ADE0E =001F07C00 *02AEFBAA0 _00000001F
        """;

    private static readonly Dictionary<char, long> Glyphs = Font.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
        .ToDictionary(glyph => glyph[0], glyph => long.Parse(glyph.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    public static void Draw(Canvas canvas, string text, Palette palette)
    {
        var scale = Math.Max(3, canvas.Width / 240);
        var (margin, advance, leading) = (canvas.Width / 24, (GlyphWidth + 1) * scale, (GlyphHeight + 3) * scale);
        var (noteScale, padding) = ((scale + 1) / 2, margin * 3 / 4);
        var lines = Wrap(Known(text), (canvas.Width - 4 * margin) / advance);
        var bottom = canvas.Height - margin;
        var top = bottom - 2 * padding - lines.Count * leading - GlyphHeight * noteScale - scale;
        canvas.RoundedBox(margin, top, canvas.Width - margin, bottom, margin * 0.6f, palette.Near * 0.35f, 0.62f);
        for (var i = 0; i < lines.Count; i++)
        {
            Write(canvas, lines[i], 2 * margin, top + padding + i * leading, scale, new Vector3(0.98f));
        }

        var noteColor = Vector3.Lerp(palette.Light, palette.Far, 0.35f);
        Write(canvas, Note, 2 * margin, bottom - padding - GlyphHeight * noteScale, noteScale, noteColor);
    }

    private static void Write(Canvas canvas, string text, int left, int top, int scale, Vector3 color)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var squares = Glyphs.GetValueOrDefault(text[i]);
            for (var square = 0; square < GlyphWidth * GlyphHeight; square++)
            {
                if (((squares >> (GlyphWidth * GlyphHeight - 1 - square)) & 1) != 0)
                {
                    canvas.Square(left + (i * (GlyphWidth + 1) + square % GlyphWidth) * scale, top + square / GlyphWidth * scale, scale, color);
                }
            }
        }
    }

    // Letters lose their accents; what the font does not have then becomes a space. A caption is a hint, not a record.
    private static string Known(string text) => new([.. text.ToUpperInvariant()
        .Select(letter => Accented.IndexOf(letter, StringComparison.Ordinal) is >= 0 and var at ? Plain[at] : letter)
        .Select(letter => Glyphs.ContainsKey(letter) ? letter : ' ')]);

    private static List<string> Wrap(string text, int width)
    {
        var lines = new List<string>();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(word => word.Chunk(width)).Select(part => new string(part)))
        {
            if (lines.Count > 0 && lines[^1].Length + 1 + word.Length <= width)
            {
                lines[^1] += " " + word;
            }
            else if (lines.Count < LinesLimit)
            {
                lines.Add(word);
            }
            else
            {
                lines[^1] = string.Concat(lines[^1].AsSpan(0, Math.Min(lines[^1].Length, width - 3)), "...");
                break;
            }
        }

        return lines;
    }
}
