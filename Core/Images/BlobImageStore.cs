using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using Microsoft.Extensions.Options;
using ServerlessAi.Images.Printing;
using ServerlessAi.Storage;

namespace ServerlessAi.Images;

/// <summary>
/// Images as blobs of a private container, read through URLs that are signed for a limited time: with the account's key where there is one, else
/// with a user delegation key that the app's identity asks for. docs/adr/0006 says why the blobs are not proxied.
/// </summary>
public sealed class BlobImageStore : IImageStore, IDisposable
{
    private const string Caching = "private, max-age=86400";

    private static readonly TimeSpan DelegationKeyLife = TimeSpan.FromDays(7);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(15);

    private readonly BlobContainer container;
    private readonly bool hasKey;
    private readonly TimeSpan urlLife;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim keyGate = new(1, 1);
    private UserDelegationKey? delegationKey;

    public BlobImageStore(StorageConnection connection, IOptions<ImageOptions> options, IOptions<StorageOptions> storage, TimeProvider time)
    {
        container = new BlobContainer(connection, storage.Value, options.Value.Container, time);
        hasKey = connection.HasKey;
        urlLife = TimeSpan.FromHours(options.Value.UrlHours);
        this.time = time;
    }

    public async Task<StoredImage> SaveAsync(string name, ImageBytes image, CancellationToken cancellationToken)
    {
        var headers = new BlobHttpHeaders { ContentType = image.ContentType, CacheControl = Caching };
        await container.UploadAsync(name, BinaryData.FromBytes(image.Content), headers, cancellationToken);
        return new StoredImage(name, image.ContentType, image.Width, image.Height, image.Content.Length);
    }

    public async Task<Uri> GetReadUrlAsync(StoredImage image, DateTimeOffset from, CancellationToken cancellationToken)
    {
        var blob = container.Client.GetBlobClient(image.Name);
        var sas = new BlobSasBuilder(BlobSasPermissions.Read, from + urlLife)
        {
            BlobContainerName = container.Client.Name,
            BlobName = image.Name,
            Resource = "b",
        };
        if (hasKey)
        {
            return blob.GenerateSasUri(sas);
        }

        var key = await GetDelegationKeyAsync(cancellationToken);
        return new BlobUriBuilder(blob.Uri) { Sas = sas.ToSasQueryParameters(key, container.Service.AccountName) }.ToUri();
    }

    public async Task<ImageBytes?> ReadAsync(StoredImage image, CancellationToken cancellationToken)
    {
        try
        {
            using var blob = (await container.Client.GetBlobClient(image.Name).DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
            if (blob.Details.ContentLength > ImageBytes.SizeLimit)
            {
                return null;
            }

            var content = new byte[blob.Details.ContentLength];
            await blob.Content.ReadExactlyAsync(content, cancellationToken);
            return ImageBytes.Sniff(content);
        }
        catch (RequestFailedException exception) when (StorageFaults.IsMissing(exception))
        {
            return null;
        }
    }

    public async Task<StoredImage> SavePrintAsync(string name, ReadOnlyMemory<byte> pdf, CancellationToken cancellationToken)
    {
        var headers = new BlobHttpHeaders { ContentType = PdfPage.ContentType, CacheControl = Caching };
        await container.UploadAsync(name, BinaryData.FromBytes(pdf), headers, cancellationToken);
        return StoredImage.OfPrint(name, pdf.Length);
    }

    public Uri? GetScaledUrl(StoredImage image, PrintOrder order) => null;

    public Task<ImageBytes?> ReadScaledAsync(StoredImage image, PrintOrder order, CancellationToken cancellationToken) => Task.FromResult<ImageBytes?>(null);

    public async Task PingAsync(CancellationToken cancellationToken) => await container.Client.ExistsAsync(cancellationToken);

    public void Dispose() => keyGate.Dispose();

    // One key signs many URLs; it is renewed while it still outlives the longest URL.
    private async Task<UserDelegationKey> GetDelegationKeyAsync(CancellationToken cancellationToken)
    {
        await keyGate.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            if (delegationKey is null || delegationKey.SignedExpiresOn < now + urlLife + ClockSkew)
            {
                delegationKey = (await container.Service.GetUserDelegationKeyAsync(now - ClockSkew, now + DelegationKeyLife - ClockSkew, cancellationToken)).Value;
            }

            return delegationKey;
        }
        finally
        {
            keyGate.Release();
        }
    }
}
