using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace ServerlessAi.Access.Sealing;

/// <summary>
/// Texts that only this installation can read, for as long as its key ring is there. Data Protection's keys leave the ring some weeks after they stopped
/// sealing; its pepper stays, and the key comes from it: AES-256-GCM (NIST SP 800-38D) under HKDF-SHA256 (RFC 5869) of the pepper. The nonce is a keyed hash of
/// the text, so that it cannot repeat with another one.
/// </summary>
public sealed class LastingSeals(SealKeys keys)
{
    private const string Prefix = "sealed.";
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <param name="purpose">Whose and what for: what was sealed for one does not open for another.</param>
    /// <exception cref="Exception">What <see cref="Storage.StorageFaults.IsUnavailable"/> knows, when the keys cannot be had.</exception>
    public async ValueTask<string> SealAsync(string purpose, string text, CancellationToken cancellationToken)
    {
        var ring = await keys.GetAsync(cancellationToken);
        var plain = Encoding.UTF8.GetBytes(text);
        var sealedBytes = new byte[NonceBytes + plain.Length + TagBytes];
        var nonce = HMACSHA256.HashData(KeyOf(ring, "nonce|" + purpose), plain).AsSpan(0, NonceBytes);
        nonce.CopyTo(sealedBytes);
        using var cipher = new AesGcm(KeyOf(ring, purpose), TagBytes);
        cipher.Encrypt(nonce, plain, sealedBytes.AsSpan(NonceBytes, plain.Length), sealedBytes.AsSpan(NonceBytes + plain.Length));
        return Prefix + Base64Url.EncodeToString(sealedBytes);
    }

    /// <returns>Null when it was sealed for something else, was altered, or the ring that it was sealed with is lost.</returns>
    /// <exception cref="Exception">What <see cref="Storage.StorageFaults.IsUnavailable"/> knows, when the keys cannot be had: then nobody can tell.</exception>
    public async ValueTask<string?> OpenAsync(string purpose, string seal, CancellationToken cancellationToken)
    {
        if (!seal.StartsWith(Prefix, StringComparison.Ordinal) || !Base64Url.IsValid(seal.AsSpan(Prefix.Length)))
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(seal.AsSpan(Prefix.Length));
        return Open(await keys.GetAsync(cancellationToken), purpose, bytes) ?? (await keys.GetNewerAsync(cancellationToken) is { } newer ? Open(newer, purpose, bytes) : null);
    }

    private static string? Open(SealKeySet ring, string purpose, byte[] bytes)
    {
        if (bytes.Length < NonceBytes + TagBytes)
        {
            return null;
        }

        var plain = new byte[bytes.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(KeyOf(ring, purpose), TagBytes);
        try
        {
            cipher.Decrypt(bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes, plain.Length), bytes.AsSpan(NonceBytes + plain.Length), plain);
            return Encoding.UTF8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            // Altered, of another purpose, or of another ring.
            return null;
        }
    }

    private static byte[] KeyOf(SealKeySet ring, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(ring.Pepper), KeyBytes, info: Encoding.UTF8.GetBytes("lasting|" + purpose));
}
