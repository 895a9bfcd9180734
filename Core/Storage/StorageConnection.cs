using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Storage;

/// <summary>How to reach the storage account: a connection string, or its name and the app's identity.</summary>
/// <param name="transport">What carries the requests; tests plug a simulated service in here. Null means the network.</param>
public sealed class StorageConnection(IOptions<StorageOptions> options, HttpPipelineTransport? transport = null)
{
    private readonly StorageOptions settings = options.Value;
    private readonly Lazy<TokenCredential> credential = new(() => AppIdentity.Create(options.Value));

    public HttpPipelineTransport? Transport => transport;

    /// <summary>Whether blobs can be signed with a key; otherwise the identity asks for a delegation key.</summary>
    public bool HasKey => settings.ConnectionString is { Length: > 0 };

    public TableServiceClient CreateTableService(TableClientOptions clientOptions) => HasKey
        ? new TableServiceClient(settings.ConnectionString, clientOptions)
        : new TableServiceClient(Endpoint("table"), credential.Value, clientOptions);

    public BlobServiceClient CreateBlobService(BlobClientOptions clientOptions) => HasKey
        ? new BlobServiceClient(settings.ConnectionString, clientOptions)
        : new BlobServiceClient(Endpoint("blob"), credential.Value, clientOptions);

    private Uri Endpoint(string service) => settings.AccountName is { Length: > 0 } name
        ? new Uri($"https://{name}.{service}.core.windows.net")
        : throw new InvalidOperationException("Set Storage__AccountName (with an identity) or Storage__ConnectionString.");
}
