using System.Globalization;
using System.Text;

namespace ServerlessAi.Storage;

/// <summary>
/// Partition and row keys from text of any kind. Table Storage forbids <c>/ \ # ?</c> and control characters; those, the separator
/// <c>|</c>, <c>%</c> and the escape sign itself become <c>=XXXX</c> (UTF-16 code unit, hexadecimal), so different texts stay different keys.
/// </summary>
public static class TableKey
{
    /// <summary>Characters a key may have; the service allows 1 KiB, which is 512 UTF-16 units.</summary>
    public const int LengthLimit = 512;

    /// <exception cref="ArgumentException">Empty, or longer than <see cref="LengthLimit"/> once escaped.</exception>
    public static string Escape(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        if (text.AsSpan().IndexOfAnyExcept(Plain) < 0)
        {
            return Bounded(text, text);
        }

        var key = new StringBuilder(text.Length + 8);
        foreach (var unit in text)
        {
            if (IsForbidden(unit))
            {
                key.Append('=').Append(((int)unit).ToString("X4", CultureInfo.InvariantCulture));
            }
            else
            {
                key.Append(unit);
            }
        }

        return Bounded(key.ToString(), text);
    }

    /// <summary>Whether <see cref="Escape"/> accepts the text.</summary>
    public static bool Fits(string text) =>
        text.Length is > 0 and <= LengthLimit && text.Length + 4 * text.Count(IsForbidden) <= LengthLimit;

    /// <summary>A row-key part that sorts newer instants first: 19 digits.</summary>
    public static string Inverted(DateTimeOffset at) => (DateTime.MaxValue.Ticks - at.UtcTicks).ToString("D19", CultureInfo.InvariantCulture);

    /// <summary>A row-key part that sorts larger numbers first: 19 digits.</summary>
    public static string Inverted(long number) => (long.MaxValue - number).ToString("D19", CultureInfo.InvariantCulture);

    private static readonly System.Buffers.SearchValues<char> Plain =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@:+,;!$&()*~ ");

    private static string Bounded(string key, string text) => key.Length <= LengthLimit
        ? key
        : throw new ArgumentException($"A key of {key.Length} characters passes the limit of {LengthLimit}.", nameof(text));

    private static bool IsForbidden(char unit) => unit is '/' or '\\' or '#' or '?' or '|' or '%' or '=' || char.IsControl(unit) || char.IsSurrogate(unit);
}
