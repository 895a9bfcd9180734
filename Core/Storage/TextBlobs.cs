using System.Globalization;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;
using ServerlessAi.Primitives;

namespace ServerlessAi.Storage;

/// <summary>
/// Texts that are too long to go into a row beside others: each a blob of its own, written once under a new name and never changed. Whoever keeps
/// the name in a row can rely on the text.
/// </summary>
public sealed class TextBlobs(StorageConnection connection, IOptions<StorageOptions> options, IIdSource ids, TimeProvider time)
{
    /// <summary>Characters of stored text from which on it belongs here. One property holds 32,768; many such texts have to fit one transaction.</summary>
    public const int RowLimit = 32_000;

    private readonly BlobContainer container = new(connection, options.Value, options.Value.AnswersContainer, time);

    /// <returns>The name to find it by.</returns>
    /// <exception cref="Exception">What <see cref="StorageFaults.IsAny"/> knows, when it cannot be kept.</exception>
    public async Task<string> SaveAsync(string text, CancellationToken cancellationToken)
    {
        var name = time.GetUtcNow().UtcDateTime.ToString("yyyy/MM/dd/", CultureInfo.InvariantCulture) + ids.NewOperationId();
        var headers = new BlobHttpHeaders { ContentType = "text/plain; charset=utf-8" };
        await container.UploadAsync(name, BinaryData.FromString(text), headers, cancellationToken);
        return name;
    }

    /// <returns>Null when it is gone.</returns>
    public async Task<string?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var blob = await container.Client.GetBlobClient(name).DownloadContentAsync(cancellationToken);
            return blob.Value.Content.ToString();
        }
        catch (RequestFailedException exception) when (StorageFaults.IsMissing(exception))
        {
            return null;
        }
    }

    /// <summary>Deletes a text that nobody needs; one that is gone already is no trouble.</summary>
    public Task DeleteAsync(string name, CancellationToken cancellationToken) => container.Client.GetBlobClient(name).DeleteIfExistsAsync(cancellationToken: cancellationToken);
}
