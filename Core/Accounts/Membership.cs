using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>Who may spend from a shared account, and how much of it they have.</summary>
internal static class Membership
{
    public static Outcome Decide(Posting posting, MemberChange command)
    {
        if (command.Recorded is not null)
        {
            return new MemberSet(posting.State);
        }

        Tidy(posting);
        var refusal = command switch
        {
            AddMember add => Add(posting, add),
            CapMember cap => Cap(posting, cap),
            RemoveMember remove => Remove(posting, remove),
            _ => throw new NotSupportedException($"No decision is written for {command.GetType().Name}."),
        };
        if (refusal is not null)
        {
            return new Refused(refusal);
        }

        posting.Recorded(command.OperationId);
        return new MemberSet(posting.State);
    }

    private static Refusal? Add(Posting posting, AddMember command)
    {
        var (state, former) = (posting.State, FormerKey(posting.State, command.User));
        var present = state.Members.GetValueOrDefault(command.User);
        var known = present ?? state.Members.GetValueOrDefault(former);
        if (known is null && !command.IsOwner && state.Members.Count >= Account.MembersLimit)
        {
            return new Refusal(RefusalCodes.Conflict, $"The team has {Account.MembersLimit} members already, those included who left this month.");
        }

        // Whoever owns it stays its owner, whichever invitation they follow.
        var isOwner = command.IsOwner || known is { IsOwner: true };
        var capMicro = isOwner ? null : present is null ? command.CapMicro : present.CapMicro;
        known ??= new Member(command.OperationId, capMicro, isOwner, posting.Now, state.Month.Month, UsedMicro: 0);
        var members = state.Members.Remove(former).SetItem(command.User, known with { CapMicro = capMicro, IsOwner = isOwner, LeftAt = null });
        posting.Set(state with { Members = members, Name = command.Name ?? state.Name, IsFounderless = state.IsFounderless && !IsFounder(state, command.User) });
        return null;
    }

    private static Refusal? Cap(Posting posting, CapMember command)
    {
        if (posting.State.Members.GetValueOrDefault(command.User) is not { } member)
        {
            return Refusal.NotFound("The team has no such member.");
        }

        posting.Set(posting.State with { Members = posting.State.Members.SetItem(command.User, member with { CapMicro = command.CapMicro }) });
        return null;
    }

    private static Refusal? Remove(Posting posting, RemoveMember command)
    {
        var (state, former) = (posting.State, FormerKey(posting.State, command.User));
        var known = state.Members.GetValueOrDefault(command.User);
        var members = state.Members.Remove(command.User);
        members = command.IsForgotten ? members.Remove(former) : known is null ? members : members.SetItem(former, known with { LeftAt = posting.Now });
        posting.Set(state with { Members = members });
        LoseFounder(posting, command);
        return null;
    }

    private static void Tidy(Posting posting)
    {
        var (state, month) = (posting.State, posting.State.Month.Month);
        posting.Set(state with { Members = state.Members.RemoveRange(state.Members.Where(member => IsOver(member.Value, state, month)).Select(member => member.Key)) });
    }

    // What they agreed to ends with them, in the transaction that forgets them: nobody else could, and nobody is asked for their money later.
    private static void LoseFounder(Posting posting, RemoveMember command)
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
