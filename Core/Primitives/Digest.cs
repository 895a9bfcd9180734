using System.Security.Cryptography;
using System.Text;

namespace ServerlessAi.Primitives;

/// <summary>SHA-256, in lower-case hexadecimal.</summary>
public static class Digest
{
    /// <summary>Of several parts. Each goes in with its length, so that no two lists of parts read alike.</summary>
    public static string Of(params ReadOnlySpan<string> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            text.Append(part.Length).Append(':').Append(part);
        }

        return Of(Encoding.UTF8.GetBytes(text.ToString()));
    }

    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
