using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.Books;

/// <summary>Each account after a run, by itself: the app's proof of it, and what may not be in any.</summary>
internal sealed class AccountAudit(World world)
{
    public async Task CheckAsync(string user, AccountRowsRead rows)
    {
        foreach (var problem in (await world.Books.ProveAsync(user)).Problems)
        {
            world.Violate($"{user}: {problem}");
        }

        foreach (var open in rows.Holds.Where(hold => hold.Status == HoldStatus.Open))
        {
            world.Violate($"{user}: hold {open.Hold.OperationId} is open at {world.Time.GetUtcNow():O}, it was to lapse at {open.Hold.ExpiresAt:O}.");
        }

        if (SystemAccounts.Has(user) && rows.Entries.Count > 0)
        {
            world.Violate($"{user}: the app's own work moved credits, {rows.Entries[0]}.");
        }

        // Pictures do not stay when their owner is forgotten.
        if (!ErasedAccounts.Has(user))
        {
            CheckGallery(user, rows);
        }

        foreach (var day in rows.Days)
        {
            // A success that comes after its hold lapsed counts, even if its free image was given to somebody else meanwhile; and when its own day is so long ago that
            // the account no longer keeps it, in the oldest that it keeps.
            var late = rows.Holds.Count(hold => hold.Late && hold.Hold.FreeImages > 0 && string.CompareOrdinal(hold.Hold.Day, day.Day) <= 0);
            if (day.FreeImagesUsed <= world.Plan.FreeImagesPerDay + late)
            {
                continue;
            }

            var holds = rows.Holds.Where(hold => hold.Hold.FreeImages > 0 && hold.Hold.Day == day.Day).Select(hold => $"{hold.Hold.OperationId} {hold.Status} {hold.EndedAt:O}{(hold.Late ? " late" : "")}{(hold.Superseded ? " superseded" : "")}");
            world.Violate($"{user}: {day.FreeImagesUsed} free images on {day.Day}: {string.Join(", ", holds)}.");
        }

        foreach (var entry in rows.Entries.Where(entry => entry.BalanceMicro < 0))
        {
            world.Violate($"{user}: entry {entry.Sequence} leaves {entry.BalanceMicro}.");
        }
    }

    /// <summary>What was paid for is in the gallery, once, and nothing else is but what the cache gave.</summary>
    private void CheckGallery(string user, AccountRowsRead rows)
    {
        var shown = rows.Images.Select(image => image.Image.Id).ToList();
        if (shown.Distinct(StringComparer.Ordinal).Count() != shown.Count)
        {
            world.Violate($"{user}: an image is in the gallery twice.");
        }

        foreach (var hold in rows.Holds.Where(hold => hold.Hold.Kind == WorkKind.Image && hold.Status == HoldStatus.Settled))
        {
            // One whose request was repeated meanwhile may have come from the cache, where it was before anybody knew that.
            var isOwed = !hold.Superseded || rows.JoinedImages.Contains(hold.Hold.OperationId);
            if (shown.Contains(hold.Hold.OperationId, StringComparer.Ordinal) != isOwed)
            {
                world.Violate($"{user}: image {hold.Hold.OperationId} is {(hold.Superseded ? "superseded and " : "paid for and not ")}in the gallery.");
            }
        }
    }
}
