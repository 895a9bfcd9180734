using System.ComponentModel;

namespace System.IO.Hashing;

/// <summary>A checksum that is fed piece by piece. What derives from it says how many bytes the result has and how to compute it.</summary>
public abstract class NonCryptographicHashAlgorithm
{
    private const int CopyBufferBytes = 4096;

    protected NonCryptographicHashAlgorithm(int hashLengthInBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hashLengthInBytes, 1);
        HashLengthInBytes = hashLengthInBytes;
    }

    public int HashLengthInBytes { get; }

    public abstract void Append(ReadOnlySpan<byte> source);

    public abstract void Reset();

    public void Append(byte[] source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Append(new ReadOnlySpan<byte>(source));
    }

    public void Append(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Span<byte> buffer = stackalloc byte[CopyBufferBytes];
        for (int read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            Append(buffer[..read]);
        }
    }

    public Task AppendAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return AppendChunksAsync(stream, cancellationToken);
    }

    public byte[] GetCurrentHash()
    {
        byte[] hash = new byte[HashLengthInBytes];
        GetCurrentHashCore(hash);
        return hash;
    }

    public bool TryGetCurrentHash(Span<byte> destination, out int bytesWritten)
    {
        bool fits = destination.Length >= HashLengthInBytes;
        bytesWritten = fits ? HashLengthInBytes : 0;
        if (fits)
        {
            GetCurrentHashCore(destination[..HashLengthInBytes]);
        }

        return fits;
    }

    public int GetCurrentHash(Span<byte> destination) => TryGetCurrentHash(destination, out int written) ? written : throw TooShort(nameof(destination));

    public byte[] GetHashAndReset()
    {
        byte[] hash = new byte[HashLengthInBytes];
        GetHashAndResetCore(hash);
        return hash;
    }

    public bool TryGetHashAndReset(Span<byte> destination, out int bytesWritten)
    {
        bool fits = destination.Length >= HashLengthInBytes;
        bytesWritten = fits ? HashLengthInBytes : 0;
        if (fits)
        {
            GetHashAndResetCore(destination[..HashLengthInBytes]);
        }

        return fits;
    }

    public int GetHashAndReset(Span<byte> destination) => TryGetHashAndReset(destination, out int written) ? written : throw TooShort(nameof(destination));

    /// <summary>An algorithm has no value to compare or hash by: almost certainly <see cref="GetCurrentHash()"/> was meant.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("Use GetCurrentHash() to retrieve the computed hash code.", true)]
#pragma warning disable CS0809 // the published class hides the inherited member in the same way
    public override int GetHashCode() => throw new NotSupportedException(
        "The GetHashCode method is not supported on this object. Use GetCurrentHash or GetHashAndReset to retrieve the hash code computed by this object.");
#pragma warning restore CS0809

    protected abstract void GetCurrentHashCore(Span<byte> destination);

    protected virtual void GetHashAndResetCore(Span<byte> destination)
    {
        GetCurrentHashCore(destination);
        Reset();
    }

    private async Task AppendChunksAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[CopyBufferBytes];
        for (int read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false); read > 0;
            read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false))
        {
            Append(buffer.AsSpan(0, read));
        }
    }

    private static ArgumentException TooShort(string parameter) => new("Destination is too short.", parameter);
}
