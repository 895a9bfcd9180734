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

        // Who has left is remembered for the rest of the month: whoever comes back has used what they had used.
        var month = posting.State.Month.Month;
        var members = posting.State.Members.RemoveRange(posting.State.Members.Where(member => member.Value.LeftAt is not null && member.Value.UsedIn(month) == 0).Select(member => member.Key));
        var known = members.GetValueOrDefault(command.User);
        if (!command.IsMember)
        {
            members = known is null ? members : members.SetItem(command.User, known with { LeftAt = posting.Now });
        }
        else if (known is null && members.Count >= Account.MembersLimit)
        {
            return new Refused(Refusal.Invalid($"An account has at most {Account.MembersLimit} members."));
        }
        else
        {
            known ??= new Member(command.CapMicro, command.IsOwner, posting.Now, month, UsedMicro: 0);
            members = members.SetItem(command.User, known with { CapMicro = command.CapMicro, IsOwner = command.IsOwner, LeftAt = null });
        }

        posting.Set(posting.State with { Members = members, Name = command.Name ?? posting.State.Name });
        posting.Recorded(command.OperationId);
        return new MemberSet(posting.State);
    }

    public static void Count(Posting posting, Hold hold, long chargedMicro)
    {
        if (hold.Member is { } user && posting.State.Members.GetValueOrDefault(user) is { } member)
        {
            posting.Set(posting.State with { Members = posting.State.Members.SetItem(user, member.Using(hold.Month, chargedMicro)) });
        }
    }
}
