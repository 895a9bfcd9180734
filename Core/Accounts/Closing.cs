using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>The end of an account whose user wants to be forgotten.</summary>
internal static class Closing
{
    /// <summary>Whether a command comes too late. What was carried out before is not: whoever repeats it is to hear so.</summary>
    public static bool IsFor(AccountState state, Command command) => command is Once { Recorded: null } once and not Close
        ? state.ClosedAt is not null || once.Since <= state.ForgottenAt || (once.NeedsFounder && state.HasLostFounderSince(once.Since))
        : state.ClosedAt is not null && command is Reserve or Remember;

    public static Outcome Refuse() => new Refused(new Refusal(RefusalCodes.AccountClosed, "This account was deleted."));

    public static Outcome Decide(Posting posting, Close command)
    {
        if (command.Recorded is not null)
        {
            return new Closed(posting.State);
        }

        if (posting.State.CreatedAt != command.Of)
        {
            return Refuse();
        }

        if (posting.State.ClosedAt is null)
        {
            if (!posting.State.Holds.IsEmpty)
            {
                return new Refused(new Refusal(RefusalCodes.Conflict, "Requests of this account are still running. Try again when they are done.", TimeSpan.FromSeconds(10)));
            }

            End(posting, command);
        }

        if (command.IsCopied)
        {
            posting.Set(posting.State with { IsErased = true });
        }

        posting.Recorded(command.OperationId);
        return new Closed(posting.State);
    }

    private static void End(Posting posting, Close command)
    {
        if (posting.State.Subscription is not null)
        {
            Renewing.End(posting, command.OperationId, command.Reason, posting.Now);
        }

        var left = posting.State.Grants.Where(grant => grant.RemainingMicro > 0).Select(grant => new Allocation(grant.Id, -grant.RemainingMicro)).ToList();
        if (left.Count > 0)
        {
            posting.Set(posting.State with { Grants = [.. posting.State.Grants.Select(grant => grant with { RemainingMicro = 0 })] });
            posting.Post(EntryKind.Expire, [.. left], command.OperationId, command.Reason);
        }

        posting.Set(posting.State with { ClosedAt = posting.Now, Members = posting.State.Members.Clear(), IsLow = true });
    }
}
