using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts.Rules;

/// <summary>What a member of a shared account may spend in a month. The worst case counts, so that a cap is never passed by more than a bad estimate.</summary>
internal static class MemberCap
{
    public static Refusal? Left(Admission admission)
    {
        if (admission.Command.Member is not { } user)
        {
            return null;
        }

        // Without members an account of one's own is its owner's, who needs no leave; a team is nobody's.
        if ((TeamAccounts.Has(admission.State.AccountId) || !admission.State.Members.IsEmpty) && admission.State.Members.GetValueOrDefault(user) is not { LeftAt: null })
        {
            return new Refusal(RefusalCodes.Forbidden, "You are not a member of this account any more.");
        }

        if (admission.UsesFreeQuota || admission.MemberLeftMicro is not { } left || admission.Offer.WorstMicro(admission.Offer.LeastOutputTokens) <= left)
        {
            return null;
        }

        var resetsAt = Periods.EndOfMonth(admission.Now);
        var cap = admission.State.Members[user].CapMicro!.Value;
        return new Refusal(RefusalCodes.UsageLimitExceeded, "Your share of the team's credits is used up for this month.", resetsAt - admission.Now)
            .With("limitType", "member").With("currentUsage", Money.ToCredits(cap - left)).With("limit", Money.ToCredits(cap)).With("resetsAt", resetsAt);
    }
}
