using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>Who may spend from a shared account, and how much of it they have.</summary>
internal static class Membership
{
    public static Outcome Decide(Posting posting, SetMember command)
    {
        if (command.Recorded is not null)
        {
            return new MemberSet(posting.State);
        }

        var month = posting.State.Month.Month;
        var members = posting.State.Members.RemoveRange(posting.State.Members.Where(member => IsOver(member.Value, posting.State, month)).Select(member => member.Key));
        var former = FormerKey(posting.State, command.User);
        var known = members.GetValueOrDefault(command.User) ?? members.GetValueOrDefault(former);
        if (!command.IsMember)
        {
            members = members.Remove(command.User).Remove(former);
            members = known is null || command.IsForgotten ? members : members.Add(former, known with { LeftAt = posting.Now });
            LoseFounder(posting, command);
        }
        else if (known is null && members.Count >= Account.MembersLimit)
        {
            return new Refused(Refusal.Invalid($"An account has at most {Account.MembersLimit} members."));
        }
        else
        {
            known ??= new Member(command.OperationId, command.CapMicro, command.IsOwner, posting.Now, month, UsedMicro: 0);
            members = members.Remove(former).SetItem(command.User, known with { CapMicro = command.CapMicro, IsOwner = command.IsOwner, LeftAt = null });
        }

        posting.Set(posting.State with { Members = members, Name = command.Name ?? posting.State.Name, IsFounderless = posting.State.IsFounderless && !(command.IsMember && IsFounder(posting.State, command.User)) });
        posting.Recorded(command.OperationId);
        return new MemberSet(posting.State);
    }

    // What they agreed to ends with them, in the transaction that forgets them: nobody else could, and nobody is asked for their money later.
    private static void LoseFounder(Posting posting, SetMember command)
    {
        if (!command.IsForgotten || !IsFounder(posting.State, command.User))
        {
            return;
        }

        posting.Set(posting.State with { IsFounderless = true, FounderForgottenAt = posting.Now });
        if (posting.State.Subscription is { Renewal: RenewalKind.Paid, GoesOn: true } running)
        {
            var last = running with { IsCancelled = true, Next = null };
            posting.Set(posting.State with { Subscription = last });
            posting.Write(Renewing.Event(posting, last, SubscriptionEventKind.Cancelled, command.OperationId, granted: 0, "founder_deleted"));
        }
    }

    private static bool IsFounder(AccountState state, string user) => string.Equals(state.AccountId, TeamAccounts.Of(user), StringComparison.Ordinal);

    public static void Count(Posting posting, Hold hold, long chargedMicro)
    {
        if (hold.Member is { } handle && posting.State.Members.FirstOrDefault(member => string.Equals(member.Value.Handle, handle, StringComparison.Ordinal)) is { Value: { } spender, Key: var key })
        {
            posting.Set(posting.State with { Members = posting.State.Members.SetItem(key, spender.Using(hold.Month, chargedMicro)) });
        }
    }

    /// <summary>A member, or what is remembered of one who has left.</summary>
    public static Member? Find(AccountState state, string user) => state.Members.GetValueOrDefault(user) ?? state.Members.GetValueOrDefault(FormerKey(state, user));

    // Who has left is remembered for the rest of the month, and as long as anything of theirs is under way: whoever comes back has used what they had used.
    private static bool IsOver(Member member, AccountState state, string month) =>
        member.LeftAt is not null && member.UsedIn(month) == 0 && !state.Holds.Any(hold => string.Equals(hold.Member, member.Handle, StringComparison.Ordinal));

    // Who has left is known again when they come back, and cannot be read from the account: they may want to be forgotten when nobody knows where they once were.
    private static string FormerKey(AccountState state, string user) => "left|" + Digest.Of("left", state.AccountId, user);
}
