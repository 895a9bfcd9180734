using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace ServerlessAi.Access.Sealing;

/// <summary>
/// Texts that only this installation can write and read, until an instant. The instant stands inside, eight bytes of Unix milliseconds before the text:
/// Data Protection's own time-limited protector goes by the wall clock, this goes by the app's.
/// </summary>
public sealed class Seals(SealKeys keys, TimeProvider time)
{
    private const int TimeBytes = sizeof(long);
    private const int LengthLimit = 4_096;

    /// <param name="purpose">What was sealed for one purpose does not open for another.</param>
    /// <returns>Letters, digits, <c>-</c> and <c>_</c>.</returns>
    public async ValueTask<string> SealAsync(string purpose, string text, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        var ring = await keys.GetAsync(cancellationToken);
        var payload = new byte[TimeBytes + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteInt64BigEndian(payload, expiresAt.ToUnixTimeMilliseconds());
        Encoding.UTF8.GetBytes(text, payload.AsSpan(TimeBytes));
        var sealing = ring.Sealing ?? throw new InvalidOperationException("A key ring that was just read has no key.");
        return Base64Url.EncodeToString(sealing.CreateProtector(purpose).Protect(payload));
    }

    /// <returns>Null when it was not sealed here for this purpose, was altered, or its time is over.</returns>
    /// <exception cref="Exception">What <see cref="Storage.StorageFaults.IsUnavailable"/> knows, when the keys cannot be had: then nobody can tell.</exception>
    public async ValueTask<(string Text, DateTimeOffset ExpiresAt)?> OpenAsync(string purpose, string seal, CancellationToken cancellationToken)
    {
        if (seal.Length is 0 or > LengthLimit || !TryDecode(seal, out var bytes))
        {
            return null;
        }

        var ring = await keys.GetAsync(cancellationToken);
        var payload = Unprotect(ring, purpose, bytes);
        if (payload is null && await keys.GetNewerAsync(cancellationToken) is { } newer)
        {
            payload = Unprotect(newer, purpose, bytes);
        }

        if (payload is not { Length: >= TimeBytes })
        {
            return null;
        }

        var expiresAt = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(payload));
        return time.GetUtcNow() < expiresAt ? (Encoding.UTF8.GetString(payload.AsSpan(TimeBytes)), expiresAt) : null;
    }

    private static byte[]? Unprotect(SealKeySet ring, string purpose, byte[] bytes)
    {
        try
        {
            return ring.Opening.CreateProtector(purpose).Unprotect(bytes);
        }
        catch (CryptographicException)
        {
            // Altered, of another purpose, or of a key that is not in the ring.
            return null;
        }
    }

    // One spelling only: a decoder passes over spaces and the last character's spare bits.
    private static bool TryDecode(string seal, out byte[] bytes)
    {
        bytes = Base64Url.IsValid(seal) ? Base64Url.DecodeFromChars(seal) : [];
        return bytes.Length > 0 && string.Equals(Base64Url.EncodeToString(bytes), seal, StringComparison.Ordinal);
    }
}
