using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ServerlessAi.Caching;

/// <summary>Cache keys: SHA-256, lower-case hexadecimal, over everything that decides the answer.</summary>
public static class PromptHash
{
    // Words that name no thing, quality or relation a picture would show.
    private static readonly HashSet<string> NoiseWords = new(StringComparer.Ordinal)
    {
        "a", "an", "the", "of", "with", "and", "or", "in", "on", "at", "to", "for", "by", "from", "as", "is", "are", "be", "it", "its", "this", "that",
        "some", "please", "very", "really", "just", "me", "my", "i", "want", "would", "like", "make", "create", "generate", "draw", "show", "give",
    };

    /// <summary>
    /// An image's key: the normalised prompt, aspect, style and size. Prompts that differ only in case, punctuation, noise words or word order
    /// share it. A model is part of it only when the caller names one.
    /// </summary>
    public static string OfImage(string prompt, string aspect, string style, string size, string? model) =>
        Of("image", Normalize(prompt), aspect, style, size, model ?? "");

    /// <summary>A text answer's key: every parameter, letter by letter.</summary>
    public static string OfText(string model, string prompt, string? system, int outputTokens, double? temperature) => Of(
        "text", model, prompt, system ?? "", outputTokens.ToString(CultureInfo.InvariantCulture), temperature?.ToString("R", CultureInfo.InvariantCulture) ?? "");

    /// <summary>A search's key: every parameter, letter by letter.</summary>
    public static string OfSearch(string model, string query, int maxResults) => Of("search", model, query, maxResults.ToString(CultureInfo.InvariantCulture));

    /// <summary>A chat completion's key: the caller's JSON as far as it decides the answer.</summary>
    public static string OfChat(string model, string question, int outputTokens) =>
        Of("chat", model, question, outputTokens.ToString(CultureInfo.InvariantCulture));

    /// <summary>Lower-cases, drops punctuation and noise words, and sorts the words. A prompt of nothing else stays as it is, trimmed.</summary>
    public static string Normalize(string prompt)
    {
        var plain = prompt.Normalize(NormalizationForm.FormKC).ToLowerInvariant();
        var words = Words(plain).Where(word => !NoiseWords.Contains(word)).Order(StringComparer.Ordinal).ToList();
        return words.Count > 0 ? string.Join(' ', words) : plain.Trim();
    }

    private static IEnumerable<string> Words(string text)
    {
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var isWord = i < text.Length && (char.IsLetterOrDigit(text[i]) || char.IsSurrogate(text[i]) || char.GetUnicodeCategory(text[i]) == UnicodeCategory.NonSpacingMark);
            if (isWord && start < 0)
            {
                start = i;
            }
            else if (!isWord && start >= 0)
            {
                yield return text[start..i];
                start = -1;
            }
        }
    }

    // Each field goes in with its length, so that no two lists of fields read alike.
    private static string Of(params ReadOnlySpan<string> fields)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var field in fields)
        {
            var bytes = Encoding.UTF8.GetBytes(field);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
