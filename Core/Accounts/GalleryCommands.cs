namespace ServerlessAi.Accounts;

/// <summary>Something about one image of the gallery. The state counts them, so rows of images come and go with it and never alone.</summary>
public abstract record GalleryCommand(string ImageId) : Command(ImageId)
{
    /// <summary>Whether the account has the image, as the store found; whoever changes that meanwhile changes the account's tag.</summary>
    public bool IsThere { get; init; }
}

/// <summary>Lets an image that came from the cache join, unless it is there or the plan's places are taken.</summary>
public sealed record JoinImage(ImageRecord Image, PlanBook Plans) : GalleryCommand(Image.Id);

/// <summary>Takes an image out; doing it again changes nothing.</summary>
/// <param name="CreatedAt">A part of its row's key.</param>
public sealed record RemoveImage(string ImageId, DateTimeOffset CreatedAt) : GalleryCommand(ImageId)
{
    /// <summary>A row leads from its id to its place; for the account's own images the hold does.</summary>
    public bool HasPointer { get; init; }
}

/// <summary>An image that a decision takes out, and its rows.</summary>
public sealed record RemovedImage(string Id, DateTimeOffset CreatedAt, bool HasPointer);

/// <summary>The gallery is as asked for.</summary>
/// <param name="Changed">False: it was so before.</param>
public sealed record GallerySet(bool Changed) : Outcome;
