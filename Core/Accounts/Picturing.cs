using ServerlessAi.Accounts.Rules;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>Images of the gallery, and how many there are: each row that comes or goes is counted by the decision that writes it.</summary>
internal static class Picturing
{
    public static Outcome Decide(Posting posting, JoinImage command)
    {
        if (command.IsThere)
        {
            return new GallerySet(Changed: false);
        }

        var own = posting.State.Holds.FirstOrDefault(hold => string.Equals(hold.OperationId, command.ImageId, StringComparison.Ordinal));
        // The hold of an image of one's own has a place already: its settlement may be late.
        if (own is null && GalleryPlaces.Refuse(posting.State, command.Plans) is { } refusal)
        {
            return new Refused(refusal);
        }

        if (own is not null)
        {
            posting.Set(posting.State with { Holds = posting.State.Holds.Replace(own, own with { HasJoined = true }) });
        }

        posting.Join(command.Image);
        return new GallerySet(Changed: true);
    }

    public static Outcome Decide(Posting posting, RemoveImage command)
    {
        if (posting.State.Holds.Any(hold => string.Equals(hold.OperationId, command.ImageId, StringComparison.Ordinal)))
        {
            return new Refused(new Refusal(RefusalCodes.Conflict, "This image is still being made.", TimeSpan.FromSeconds(2)));
        }

        if (!command.IsThere)
        {
            return new GallerySet(Changed: false);
        }

        posting.Remove(new RemovedImage(command.ImageId, command.CreatedAt, command.HasPointer));
        return new GallerySet(Changed: true);
    }
}
