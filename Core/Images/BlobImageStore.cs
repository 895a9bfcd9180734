using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using Microsoft.Extensions.Options;
using ServerlessAi.Storage;

namespace ServerlessAi.Images;

/// <summary>
/// Images as blobs of a private container, read through URLs that are signed for a limited time: with the account's key where there is one, else
/// with a user delegation key that the app's identity asks for. docs/adr/0006 says why the blobs are not proxied.
/// </summary>
public sealed class BlobImageStore : IImageStore, IDisposable
{
    private static readonly TimeSpan DelegationKeyLife = TimeSpan.FromDays(7);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(15);

    private readonly BlobContainerClient container;
    private readonly BlobServiceClient service;
    private readonly bool hasKey;
    private readonly TimeSpan urlLife;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim keyGate = new(1, 1);
    private UserDelegationKey? delegationKey;
    private volatile bool isCreated;

    public BlobImageStore(StorageConnection connection, IOptions<ImageOptions> options, IOptions<StorageOptions> storage, TimeProvider time)
    {
        var clientOptions = new BlobClientOptions { RetryPolicy = new Retrying(retries: 2, TimeSpan.FromMilliseconds(200), time) };
        // An image takes longer to send than a row.
        clientOptions.Retry.NetworkTimeout = TimeSpan.FromMilliseconds(storage.Value.NetworkTimeoutMs * 5);
        clientOptions.Diagnostics.IsLoggingEnabled = false;
        if (connection.Transport is { } transport)
        {
            clientOptions.Transport = transport;
        }

        service = connection.CreateBlobService(clientOptions);
        container = service.GetBlobContainerClient(options.Value.Container);
        hasKey = connection.HasKey;
        urlLife = TimeSpan.FromHours(options.Value.UrlHours);
        this.time = time;
    }

    public async Task<StoredImage> SaveAsync(string name, ImageBytes image, CancellationToken cancellationToken)
    {
        await CreateContainerAsync(cancellationToken);
        var headers = new BlobHttpHeaders { ContentType = image.ContentType, CacheControl = "private, max-age=86400" };
        await container.GetBlobClient(name).UploadAsync(
            BinaryData.FromBytes(image.Content), new BlobUploadOptions { HttpHeaders = headers }, cancellationToken);
        return new StoredImage(name, image.ContentType, image.Width, image.Height, image.Content.Length);
    }

    public async Task<Uri> GetReadUrlAsync(StoredImage image, CancellationToken cancellationToken)
    {
        var blob = container.GetBlobClient(image.Name);
        var sas = new BlobSasBuilder(BlobSasPermissions.Read, time.GetUtcNow() + urlLife)
        {
            BlobContainerName = container.Name,
            BlobName = image.Name,
            Resource = "b",
        };
        if (hasKey)
        {
            return blob.GenerateSasUri(sas);
        }

        var key = await GetDelegationKeyAsync(cancellationToken);
        return new BlobUriBuilder(blob.Uri) { Sas = sas.ToSasQueryParameters(key, service.AccountName) }.ToUri();
    }

    public async Task PingAsync(CancellationToken cancellationToken) => await container.ExistsAsync(cancellationToken);

    public void Dispose() => keyGate.Dispose();

    private async Task CreateContainerAsync(CancellationToken cancellationToken)
    {
        if (!isCreated)
        {
            await container.CreateIfNotExistsAsync(PublicAccessType.None, cancellationToken: cancellationToken);
            isCreated = true;
        }
    }

    // One key signs many URLs; it is renewed while it still outlives the longest URL.
    private async Task<UserDelegationKey> GetDelegationKeyAsync(CancellationToken cancellationToken)
    {
        await keyGate.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            if (delegationKey is null || delegationKey.SignedExpiresOn < now + urlLife + ClockSkew)
            {
                delegationKey = (await service.GetUserDelegationKeyAsync(now - ClockSkew, now + DelegationKeyLife - ClockSkew, cancellationToken)).Value;
            }

            return delegationKey;
        }
        finally
        {
            keyGate.Release();
        }
    }
}
