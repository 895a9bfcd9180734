using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ServerlessAi.Notifications;

/// <summary>
/// Signs as the Standard Webhooks specification says (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, "Signature scheme" and
/// "Webhook headers"): <c>v1,</c> and the base64 of HMAC-SHA256 over <c>id.timestamp.body</c>; the timestamp is that of the attempt in Unix seconds, the key
/// what follows <c>whsec_</c> in base64. Neither id nor timestamp contains a dot.
/// </summary>
internal static class WebhookSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    private const string Prefix = "whsec_";

    // The specification's bounds: 192 to 512 bits.
    private const int MinimumKeyBytes = 24;
    private const int MaximumKeyBytes = 64;

    /// <param name="random">An unguessable text of 24 to 64 ASCII characters.</param>
    public static string SecretOf(string random) => Prefix + Convert.ToBase64String(Encoding.ASCII.GetBytes(random));

    /// <returns>The key in a secret; null when it is none.</returns>
    public static byte[]? KeyOf(string? secret)
    {
        if (secret?.StartsWith(Prefix, StringComparison.Ordinal) != true)
        {
            return null;
        }

        var key = new byte[secret.Length];
        return Convert.TryFromBase64String(secret[Prefix.Length..], key, out var count) && count is >= MinimumKeyBytes and <= MaximumKeyBytes ? key[..count] : null;
    }

    public static string Timestamp(DateTimeOffset at) => at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    public static string Sign(string id, string timestamp, string body, ReadOnlySpan<byte> key) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")));
}
