using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// The images of accounts, newest first. An account's own join it in the transaction that pays for them (<see cref="Settle.Image"/>); one that came
/// from the cache joins here.
/// </summary>
public sealed partial class Gallery(Tables tables, AccountStore accounts, PlanStore plans, TimeProvider time, ILogger<Gallery> logger)
{
    public const int PageLimit = 200;

    /// <summary>Rows that one page looks at: with few selected ones among many it comes back shorter, and says where to go on.</summary>
    private const int ScanLimit = 1_000;

    private const int ChangeAttempts = 5;

    // An answer waits for this that needs nothing else from storage.
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(2);

    /// <param name="before">What <see cref="GalleryPage.Next"/> said; null for the first page.</param>
    public async Task<GalleryPage> ListAsync(string accountId, int count, string? before, bool onlySelected, CancellationToken cancellationToken)
    {
        var wanted = Math.Clamp(count, 1, PageLimit);
        var first = GalleryRows.First + before;
        var client = await tables.GetAsync(TableNames.Accounts);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(accountId)} and RowKey gt {first} and RowKey lt {GalleryRows.End}");
        var images = new List<GalleryImage>();
        var (seen, last) = (0, "");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, onlySelected ? ScanLimit : wanted + 1, cancellationToken: cancellationToken))
        {
            if (images.Count == wanted || seen == ScanLimit)
            {
                return new GalleryPage(images, last[GalleryRows.First.Length..]);
            }

            (seen, last) = (seen + 1, row.RowKey);
            if (GalleryRows.ToImage(row) is var image && (image.Selected || !onlySelected))
            {
                images.Add(image);
            }
        }

        return new GalleryPage(images, Next: null);
    }

    /// <param name="createdAt">From the hold of an image of the account's own; null looks whether it came from the cache.</param>
    /// <returns>Null when the account has no such image.</returns>
    public async Task<GalleryImage?> FindAsync(string accountId, string id, DateTimeOffset? createdAt, CancellationToken cancellationToken)
    {
        if (createdAt is null && await ReadAsync(accountId, GalleryRows.PointerKey(id), cancellationToken) is { } pointer)
        {
            createdAt = GalleryRows.ToCreatedAt(pointer);
        }

        return createdAt is { } at && await ReadAsync(accountId, GalleryRows.Key(at, id), cancellationToken) is { } row ? GalleryRows.ToImage(row) : null;
    }

    /// <summary>Adds an image that came from the cache, unless it is there or the plan has no place for it. Its answer is given all the same, also when storage does not take it.</summary>
    public async Task JoinAsync(string accountId, ImageRecord image)
    {
        try
        {
            if (await AddAsync(accountId, image).WaitAsync(JoinPatience, time) is Refused { Refusal.Code: not RefusalCodes.UsageLimitExceeded })
            {
                LogNotJoined(logger, exception: null, image.Id);
            }
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception))
        {
            LogNotJoined(logger, exception, image.Id);
        }
    }

    /// <summary>Changes what the owner may change. Whoever changes it at the same moment is not overwritten.</summary>
    /// <param name="change">Gives the same image back when there is nothing to change.</param>
    /// <returns>The image as it is then; null when it is gone or too many change it.</returns>
    public async Task<GalleryImage?> ChangeAsync(string accountId, GalleryImage image, Func<GalleryImage, GalleryImage> change, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var partition = AccountRows.Partition(accountId);
        GalleryImage? known = image;
        for (var attempt = 0; attempt < ChangeAttempts && known is not null; attempt++)
        {
            var changed = change(known);
            if (ReferenceEquals(changed, known))
            {
                return known;
            }

            try
            {
                await client.UpdateEntityAsync(GalleryRows.ToChange(partition, changed), known.ETag, TableUpdateMode.Merge, cancellationToken);
                return changed;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                known = await FindAsync(accountId, known.Image.Id, known.Image.CreatedAt, cancellationToken);
            }
        }

        return null;
    }

    /// <summary>Takes an image out of the gallery, selection, prints and all. Its file stays: others may have it from the cache.</summary>
    /// <returns>Null when it is out, now or since before.</returns>
    public async Task<Refusal?> RemoveAsync(string accountId, ImageRecord image) =>
        await accounts.ExecuteAsync(accountId, new RemoveImage(image.Id, image.CreatedAt)) is Refused refused ? refused.Refusal : null;

    private async Task<Outcome> AddAsync(string accountId, ImageRecord image) =>
        await accounts.ExecuteAsync(accountId, new JoinImage(image, await plans.GetBookAsync(CancellationToken.None)));

    private async Task<TableEntity?> ReadAsync(string accountId, string rowKey, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(accountId), rowKey, cancellationToken: cancellationToken);
        return row.HasValue ? row.Value : null;
    }

    [LoggerMessage(LogLevel.Warning, "Image {ImageId}, which came from the cache, could not join the gallery.")]
    private static partial void LogNotJoined(ILogger logger, Exception? exception, string imageId);
}
