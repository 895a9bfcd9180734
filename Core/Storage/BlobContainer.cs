using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace ServerlessAi.Storage;

/// <summary>One private container, created the first time something is put into it.</summary>
public sealed class BlobContainer
{
    private volatile bool isCreated;

    public BlobContainer(StorageConnection connection, StorageOptions storage, string name, TimeProvider time)
    {
        var options = new BlobClientOptions { RetryPolicy = new Retrying(retries: 2, TimeSpan.FromMilliseconds(200), time) };
        // A blob takes longer to send than a row.
        options.Retry.NetworkTimeout = TimeSpan.FromMilliseconds(storage.NetworkTimeoutMs * 5);
        options.Diagnostics.IsLoggingEnabled = false;
        if (connection.Transport is { } transport)
        {
            options.Transport = transport;
        }

        Service = connection.CreateBlobService(options);
        Client = Service.GetBlobContainerClient(name);
    }

    public BlobServiceClient Service { get; }

    public BlobContainerClient Client { get; }

    /// <param name="conditions">What must still be so; otherwise it throws what <see cref="StorageFaults.IsConflict"/> knows.</param>
    public async Task UploadAsync(string name, BinaryData content, BlobHttpHeaders headers, CancellationToken cancellationToken, BlobRequestConditions? conditions = null)
    {
        if (!isCreated)
        {
            await Client.CreateIfNotExistsAsync(PublicAccessType.None, cancellationToken: cancellationToken);
            isCreated = true;
        }

        await Client.GetBlobClient(name).UploadAsync(content, new BlobUploadOptions { HttpHeaders = headers, Conditions = conditions }, cancellationToken);
    }
}
