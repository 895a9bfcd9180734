using System.Text;

namespace ServerlessAi.Tests.Fuzz;

/// <summary>Bends a body: first its fields, then its text, then its bytes.</summary>
internal static class BodyMutations
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public static byte[] Bend(List<(string Key, string Value)> fields, Dice dice)
    {
        for (var i = 1 + dice.Below(2); i > 0; i--)
        {
            BendField(fields, dice);
        }

        var text = ValidRequests.Json(fields);
        return dice.Below(10) switch
        {
            0 => Utf8.GetBytes(BendText(text, dice)),
            1 => BendBytes(Utf8.GetBytes(text), dice),
            _ => Utf8.GetBytes(text),
        };
    }

    private static void BendField(List<(string Key, string Value)> fields, Dice dice)
    {
        if (fields.Count == 0)
        {
            fields.Add((dice.Of(Hostile.Keys), dice.Of(Hostile.Values)));
            return;
        }

        var at = dice.Below(fields.Count);
        var (key, value) = fields[at];
        switch (dice.Below(12))
        {
            case 0:
                fields.RemoveAt(at);
                break;
            case 1:
                fields.Insert(dice.Below(fields.Count + 1), (key, dice.OneIn(2) ? value : dice.Of(Hostile.Values)));
                break;
            case 2:
                fields.Insert(dice.Below(fields.Count + 1), (dice.Of(Hostile.Keys), dice.Of(Hostile.Values)));
                break;
            case 3:
                fields[at] = (dice.OneIn(2) ? key.ToUpperInvariant() : dice.Of(Hostile.Keys), value);
                break;
            case 4:
                fields[at] = (key, Nested(dice));
                break;
            case 5:
                fields[at] = (key, "\"" + new string(dice.Of(['a', ' ', '中']), Length(dice)) + "\"");
                break;
            default:
                fields[at] = (key, dice.Of(Hostile.Values));
                break;
        }
    }

    private static string BendText(string text, Dice dice) => dice.Below(9) switch
    {
        0 => dice.Of(Hostile.Bodies),
        1 => text[..dice.Below(text.Length)],
        2 => text + dice.Of(Hostile.Bodies),
        3 => "[" + text + "]",
        4 => "\"" + text.Replace("\"", "\\\"", StringComparison.Ordinal) + "\"",
        5 => text.Replace("}", ",}", StringComparison.Ordinal),
        6 => text.Insert(dice.Below(text.Length), dice.Of(["\0", "\u0001", "\"", "\\", "{", "]", "/*x*/", "\ufeff", "\u2028"])),
        7 => Nested(dice),
        _ => new string(' ', Length(dice)) + text,
    };

    private static byte[] BendBytes(byte[] bytes, Dice dice)
    {
        switch (dice.Below(6))
        {
            case 0:
                return [0xEF, 0xBB, 0xBF, .. bytes];
            case 1:
                return Encoding.Unicode.GetBytes(Utf8.GetString(bytes));
            case 2:
                return [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Utf8.GetString(bytes))];
            case 3:
                bytes[dice.Below(bytes.Length)] ^= (byte)(1 << dice.Below(8));
                return bytes;
            case 4:
                bytes[dice.Below(bytes.Length)] = (byte)dice.Below(256);
                return bytes;
            default:
                // Bytes that UTF-8 never has, an overlong slash, half a character, a surrogate.
                var at = dice.Below(bytes.Length);
                return [.. bytes[..at], .. dice.Of<byte[]>([[0xFF], [0xC0, 0xAF], [0xE4, 0xB8], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]]), .. bytes[at..]];
        }
    }

    private static string Nested(Dice dice)
    {
        var depth = dice.Of([2, 15, 16, 17, 64, 65, 1_000, 10_000]);
        var (open, close) = dice.OneIn(2) ? ("[", "]") : ("{\"a\":", "}");
        var inner = string.Equals(open, "[", StringComparison.Ordinal) ? "" : "1";
        return string.Concat(Enumerable.Repeat(open, depth)) + inner + (dice.OneIn(4) ? "" : string.Concat(Enumerable.Repeat(close, depth)));
    }

    // Around every limit of the contracts, seldom as much as a body may not have: those bytes have to travel.
    private static int Length(Dice dice) => dice.OneIn(25) ? dice.Of([200_000, 200_001, 1_048_576, 1_200_000]) : dice.Of([40, 41, 100, 101, 128, 129, 200, 201, 513, 4_000, 4_001, 33_000]);
}
