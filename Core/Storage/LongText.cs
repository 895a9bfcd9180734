using System.Globalization;
using System.Text;
using Azure.Data.Tables;

namespace ServerlessAi.Storage;

/// <summary>Text that may pass the 32,768 characters of one property: it is spread over <c>Name</c>, <c>Name1</c>, <c>Name2</c>, ...</summary>
public static class LongText
{
    /// <summary>Characters one entity may carry this way; its size limit of 1 MiB is twice as many bytes.</summary>
    public const int LengthLimit = 400_000;

    private const int ChunkChars = 32_000;
    private static readonly char[] Digits = [.. "0123456789"];

    /// <exception cref="ArgumentException">Longer than <see cref="LengthLimit"/>.</exception>
    public static void Write(TableEntity entity, string name, string text)
    {
        if (text.Length > LengthLimit)
        {
            throw new ArgumentException($"{text.Length} characters do not fit a row.", nameof(text));
        }

        for (var (at, chunk) = (0, 0); at < text.Length || chunk == 0; at += ChunkChars, chunk++)
        {
            entity[ChunkName(name, chunk)] = text.Substring(at, Math.Min(ChunkChars, text.Length - at));
        }
    }

    public static string Read(TableEntity entity, string name)
    {
        var first = entity.GetString(name) ?? throw new InvalidDataException($"A row lacks its property '{name}'.");
        if (!entity.ContainsKey(ChunkName(name, 1)))
        {
            return first;
        }

        var text = new StringBuilder(first);
        for (var chunk = 1; entity.TryGetValue(ChunkName(name, chunk), out var more); chunk++)
        {
            text.Append((string)more);
        }

        return text.ToString();
    }

    /// <summary>Whether a property is what follows of another's text, which <see cref="Read"/> of that one includes.</summary>
    public static bool IsContinuation(TableEntity entity, string name)
    {
        var first = name.TrimEnd(Digits);
        return first.Length < name.Length && entity.TryGetValue(first, out var text) && text is string { Length: ChunkChars } && entity[name] is string;
    }

    private static string ChunkName(string name, int chunk) => chunk == 0 ? name : name + chunk.ToString(CultureInfo.InvariantCulture);
}
