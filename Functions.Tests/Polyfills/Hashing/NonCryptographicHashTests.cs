using System.IO.Hashing;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace ServerlessAi.Tests.Polyfills.Hashing;

/// <summary>The base class of checksums, and the package that needs it.</summary>
public sealed class NonCryptographicHashTests
{
    [Fact]
    public async Task Every_way_of_appending_adds_the_same_bytes()
    {
        byte[] bytes = [.. Enumerable.Range(0, 10_000).Select(value => (byte)value)];
        var hash = new SumOfBytes();
        hash.Append(bytes);
        hash.Append(new MemoryStream(bytes));
        await hash.AppendAsync(new MemoryStream(bytes));
        Assert.Equal(3 * bytes.Sum(value => (long)value), BitConverter.ToInt64(hash.GetCurrentHash()));
    }

    [Fact]
    public void Only_the_resetting_calls_reset()
    {
        var hash = new SumOfBytes();
        hash.Append([1, 2]);
        byte[] destination = new byte[10];
        Assert.Equal(8, hash.GetCurrentHash(destination));
        Assert.True(hash.TryGetCurrentHash(destination, out int written));
        Assert.Equal((8, 3), (written, destination[0]));
        Assert.Equal(3, hash.GetHashAndReset()[0]);
        Assert.Equal(0, hash.GetCurrentHash()[0]);

        hash.Append([4]);
        Assert.True(hash.TryGetHashAndReset(destination, out _));
        Assert.Equal(8, hash.GetHashAndReset(destination));
        Assert.Equal(0, destination[0]);
    }

    [Fact]
    public void A_short_destination_and_bad_arguments_are_refused()
    {
        var hash = new SumOfBytes();
        Assert.False(hash.TryGetCurrentHash(new byte[7], out int written));
        Assert.False(hash.TryGetHashAndReset(new byte[7], out _));
        Assert.Equal((0, 8), (written, hash.HashLengthInBytes));
        Assert.Throws<ArgumentException>(() => hash.GetCurrentHash(new byte[7]));
        Assert.Throws<ArgumentException>(() => hash.GetHashAndReset(new byte[7]));
        Assert.Throws<ArgumentNullException>(() => hash.Append((byte[])null!));
        Assert.Throws<ArgumentNullException>(() => hash.Append((Stream)null!));
        Assert.Throws<ArgumentNullException>(() => { _ = hash.AppendAsync(null!); });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SumOfBytes(0));
        Assert.Throws<NotSupportedException>(() => ((object)hash).GetHashCode());
    }

    [Fact]
    public async Task A_blob_is_uploaded_with_its_checksum_and_read_back()
    {
        var container = new BlobContainerClient((await Azurite.SharedAsync()).ConnectionString, "hashing");
        await container.CreateIfNotExistsAsync();
        BlobClient blob = container.GetBlobClient("picture");
        var options = new BlobUploadOptions { TransferValidation = new UploadTransferValidationOptions { ChecksumAlgorithm = StorageChecksumAlgorithm.StorageCrc64 } };
        await blob.UploadAsync(BinaryData.FromString("pixels"), options);
        Assert.Equal("pixels", (await blob.DownloadContentAsync()).Value.Content.ToString());
    }

    private sealed class SumOfBytes(int length = 8) : NonCryptographicHashAlgorithm(length)
    {
        private long _sum;

        public override void Append(ReadOnlySpan<byte> source)
        {
            foreach (byte value in source)
            {
                _sum += value;
            }
        }

        public override void Reset() => _sum = 0;

        protected override void GetCurrentHashCore(Span<byte> destination) => BitConverter.TryWriteBytes(destination, _sum);
    }
}
