using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Payments.Stripe;

/// <summary>
/// Verifies the header <c>Stripe-Signature</c>, <c>t=…,v1=…</c>: HMAC-SHA256 over <c>t.body</c> with the whole secret as the key
/// (docs.stripe.com/webhooks/signature, "Verify manually").
/// </summary>
public sealed class StripeSignature(IOptions<PaymentOptions> options, TimeProvider time)
{
    public const string Header = "Stripe-Signature";

    private const int ToleranceSeconds = 300;
    private const int HeaderLimit = 4_096;
    private const int DigestLength = 64;

    /// <param name="body">The bytes as they came; parsed and written again they would be others.</param>
    public bool Verifies(string header, ReadOnlySpan<byte> body)
    {
        // Without a secret anybody could make signatures: the key would be known.
        if (options.Value.Stripe.WebhookSecret is not { Length: > 0 } secret || header.Length is 0 or > HeaderLimit)
        {
            return false;
        }

        string? signedAt = null;
        var signatures = new List<string>();
        foreach (var part in header.Split(','))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (part, "") : (part[..equals], part[(equals + 1)..]);
            switch (name)
            {
                case "t":
                    signedAt = value;
                    break;
                case "v1":
                    signatures.Add(value);
                    break;
                default:
                    // v0 is of test events of old, and later schemes are not ours to judge.
                    break;
            }
        }

        if (signedAt is null || !long.TryParse(signedAt, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            return false;
        }

        byte[] signed = [.. Encoding.UTF8.GetBytes(signedAt + "."), .. body];
        var expected = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed)));
        var matches = false;
        foreach (var signature in signatures)
        {
            matches |= signature.Length == DigestLength && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), expected);
        }

        return matches && Int128.Abs((Int128)time.GetUtcNow().ToUnixTimeSeconds() - seconds) <= ToleranceSeconds;
    }
}
