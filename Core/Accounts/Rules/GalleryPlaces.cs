using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts.Rules;

/// <summary>Images that the plan keeps. Those that are being made have their place already, so that the limit holds exactly, whoever reserves at once.</summary>
internal static class GalleryPlaces
{
    public static Refusal? Left(Admission admission) => admission.Command.Kind == WorkKind.Image ? Refuse(admission.State, admission.Command.Plans) : null;

    /// <returns>Why there is no place for one more; null when there is.</returns>
    public static Refusal? Refuse(AccountState state, PlanBook plans)
    {
        var (plan, used) = (plans.NameOf(state.PlanId), UsedBy(state));
        return plans.LimitsOf(state.PlanId).Images is not { } limit || used < limit
            ? null
            : new Refusal(RefusalCodes.UsageLimitExceeded, $"The plan '{plan}' keeps {limit} images, and there are as many. Delete one to make room for another.")
                .With("limitType", "images").With("plan", plan).With("currentUsage", used).With("limit", limit);
    }

    // One that joined from the cache before its own hold ended is counted as an image.
    private static int UsedBy(AccountState state) => state.Images + state.Holds.Count(hold => hold is { Kind: WorkKind.Image, HasJoined: false });
}
