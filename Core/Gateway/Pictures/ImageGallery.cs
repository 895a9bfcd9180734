using ServerlessAi.Accounts;
using ServerlessAi.Images;
using ServerlessAi.Primitives;

namespace ServerlessAi;

/// <summary>An image of the caller's, with a URL that reads it.</summary>
/// <param name="Served">Its answer, as it was given first.</param>
public sealed record OwnImage(GalleryImage Row, Served Served, Uri Url)
{
    public StoredImage Stored => Served.Answer.Image!;
}

/// <param name="Next">Where the next page starts; null on the last one.</param>
public sealed record OwnImages(IReadOnlyList<OwnImage> Images, string? Next);

/// <summary>What has become of an image that was asked for.</summary>
public abstract record ImageState
{
    /// <summary>It is being made, by this instance or another.</summary>
    public sealed record Running : ImageState;

    public sealed record Ready(OwnImage Image) : ImageState;
}

/// <summary>The caller's images. Those of others do not exist for the caller, whoever made them.</summary>
public sealed class ImageGallery(Gallery gallery, AccountStore accounts, Unsettled unsettled, IImageStore images, TimeProvider time)
{
    private const int IdLimit = 64;

    private static readonly TimeSpan RunningRetry = TimeSpan.FromSeconds(2);

    /// <param name="before">The <see cref="OwnImages.Next"/> of the page before; null for the first.</param>
    public async Task<Answer<OwnImages>> ListAsync(string accountId, int count, string? before, bool onlySelected, CancellationToken cancellationToken)
    {
        var page = await gallery.ListAsync(accountId, count, before, onlySelected, cancellationToken);
        var shown = new List<OwnImage>(page.Images.Count);
        foreach (var row in page.Images)
        {
            // Without the hold: what it cost is shown with the image itself, not in a list of many.
            shown.Add(await ShowAsync(row, Replays.ToListed(row.Image.Payload), cancellationToken));
        }

        return new OwnImages(shown, page.Next);
    }

    /// <summary>An image, or how the making of it stands; also for who has lost the answer.</summary>
    public async Task<Answer<ImageState>> FindAsync(string accountId, string id, CancellationToken cancellationToken)
    {
        if (!IsId(id))
        {
            return Unknown();
        }

        var hold = await accounts.ReadHoldAsync(accountId, id);
        if (hold is { Status: not HoldStatus.Settled })
        {
            if (await FinishAsync(accountId, hold, cancellationToken) is { } unfinished)
            {
                return unfinished.Succeeded ? unfinished : await FindJoinedAsync(accountId, id, unfinished.Refusal, cancellationToken);
            }

            hold = await accounts.ReadHoldAsync(accountId, id);
        }

        if (hold is not null && IsEndedOtherwise(hold) is { } problem)
        {
            return await FindJoinedAsync(accountId, id, problem, cancellationToken);
        }

        return await gallery.FindAsync(accountId, id, hold?.ImageAt, cancellationToken) is { } row
            ? new ImageState.Ready(await ShowAsync(row, Replays.ToServed(row.Image.Payload, hold), cancellationToken))
            : Unknown();
    }

    // An answer can be in the cache although the record of its charge was lost, or a repetition's counts; whoever got it from there has it.
    private async Task<Answer<ImageState>> FindJoinedAsync(string accountId, string id, Refusal otherwise, CancellationToken cancellationToken) =>
        await gallery.FindAsync(accountId, id, createdAt: null, cancellationToken) is { } row
            ? new ImageState.Ready(await ShowAsync(row, Replays.ToListed(row.Image.Payload), cancellationToken))
            : otherwise;

    /// <summary>The image when it is there; a job that runs is refused with <c>conflict</c>.</summary>
    public async Task<Answer<OwnImage>> GetAsync(string accountId, string id, CancellationToken cancellationToken) =>
        (await FindAsync(accountId, id, cancellationToken)).Then<OwnImage>(state => state is ImageState.Ready ready
            ? ready.Image
            : new Refusal(RefusalCodes.Conflict, "This image is still being made.", RunningRetry));

    /// <summary>Selects an image, or takes the selection back; repeating it changes nothing.</summary>
    public async Task<Answer<OwnImage>> SelectAsync(string accountId, string id, bool isSelected, CancellationToken cancellationToken)
    {
        var found = await GetAsync(accountId, id, cancellationToken);
        if (!found.Succeeded)
        {
            return found;
        }

        var now = time.GetUtcNow();
        var changed = await gallery.ChangeAsync(
            accountId,
            found.Value.Row,
            row => row.Selected == isSelected ? row : row with { Selected = isSelected, SelectedAt = isSelected ? now : null },
            cancellationToken);
        if (changed is not null)
        {
            return found.Value with { Row = changed };
        }

        // Deleted meanwhile, or too many change it.
        return await gallery.FindAsync(accountId, id, found.Value.Row.Image.CreatedAt, cancellationToken) is null ? Unknown() : Refusal.AccountBusy();
    }

    /// <summary>Takes an image out of the gallery.</summary>
    public async Task<Answer<string>> RemoveAsync(string accountId, string id, CancellationToken cancellationToken)
    {
        var found = await GetAsync(accountId, id, cancellationToken);
        return !found.Succeeded ? found.Refusal : await gallery.RemoveAsync(accountId, found.Value.Row.Image) is { } refusal ? refusal : id;
    }

    /// <summary>Carries out what may be left to do for a hold that is not settled.</summary>
    /// <returns>Null when it is settled now.</returns>
    private async Task<Answer<ImageState>?> FinishAsync(string accountId, HoldRecord hold, CancellationToken cancellationToken)
    {
        if (hold.Hold.Kind != WorkKind.Image)
        {
            return Unknown();
        }

        if (hold.Status == HoldStatus.Open && time.GetUtcNow() < hold.Hold.ExpiresAt)
        {
            return new ImageState.Running();
        }

        // It may have succeeded all the same, and only the record of that be missing.
        switch (await unsettled.FinishAsync(accountId, hold.Hold.OperationId, cancellationToken))
        {
            case null:
                return EndOf(hold);
            case false:
                return new ImageState.Running();
            default:
                if (await accounts.ReadHoldAsync(accountId, hold.Hold.OperationId) is { Status: not HoldStatus.Settled } ended)
                {
                    return EndOf(ended);
                }

                return null;
        }
    }

    private static Refusal? IsEndedOtherwise(HoldRecord hold) => hold switch
    {
        { Hold.Kind: not WorkKind.Image } => Unknown(),
        { Superseded: true } => new Refusal(RefusalCodes.Conflict, "A repetition of the request, with the same Idempotency-Key, has taken the place of this one. Its answer counts."),
        _ => null,
    };

    private static Refusal EndOf(HoldRecord hold) => hold.Reason switch
    {
        RefusalCodes.ContentRefused => new Refusal(RefusalCodes.ContentRefused, "The provider's safety system refused this content. Nothing was charged."),
        RefusalCodes.InvalidRequest => Refusal.Invalid("The provider does not accept this request. Nothing was charged."),
        RefusalCodes.StorageUnavailable => new Refusal(RefusalCodes.ProviderFailed, "The image could not be stored. Nothing was charged."),
        null => new Refusal(RefusalCodes.ProviderFailed, "The image was not finished in time. Nothing was charged."),
        _ => new Refusal(RefusalCodes.ProviderFailed, "No provider could answer. Nothing was charged."),
    };

    // The URL's life counts from now: whoever looks at an old image wants to see it.
    private async Task<OwnImage> ShowAsync(GalleryImage row, Served served, CancellationToken cancellationToken) =>
        new(row, served, await images.GetReadUrlAsync(served.Answer.Image!, time.GetUtcNow(), cancellationToken));

    private static Refusal Unknown() => Refusal.NotFound("You have no such image.");

    private static bool IsId(string id) => id.Length is > 0 and <= IdLimit && id.All(unit => char.IsAsciiDigit(unit) || char.IsAsciiLetterLower(unit) || unit == '-');
}
