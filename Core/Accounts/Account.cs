using ServerlessAi.Accounts.Subscriptions;

namespace ServerlessAi.Accounts;

/// <summary>
/// The decider: pure, total, without I/O. Whatever moves credits, quotas or budgets is decided here and nowhere else; the store only
/// writes down what it says. README.md in this folder lists the invariants that hold after every decision.
/// </summary>
public static class Account
{
    /// <summary>Open credit grants an account may have; alike ones are merged, so more means a mistake in whoever grants.</summary>
    public const int GrantsLimit = 64;

    /// <summary>Who may share an account, those included who left this month. Its founder, who comes back, is one more.</summary>
    public const int MembersLimit = 200;

    /// <summary>Decides one command. Periods roll and expired holds and credits are reclaimed first, whatever the command.</summary>
    /// <param name="now">The deciding instant; a clock that lags behind an earlier decision never rolls a period back.</param>
    public static Decision Decide(AccountState state, Command command, DateTimeOffset now)
    {
        var posting = new Posting(state, now) { Command = command as Once };
        Housekeeping.Apply(posting, command.OperationId);
        var outcome = Closing.IsFor(posting.State, command) ? Closing.Refuse() : command switch
        {
            Reserve reserve => Reserving.Decide(posting, reserve),
            Settle settle => Ending.Decide(posting, settle),
            Release release => Ending.Decide(posting, release),
            Change change => Changing.Decide(posting, change),
            SubscriptionChange change => Subscribing.Decide(posting, change),
            MemberChange change => Membership.Decide(posting, change),
            Note note => new Posted(note.Recorded ?? posting.Recorded(note.OperationId), CreditsThen.Of(posting.State, now)) { IsRepeat = note.Recorded is not null },
            JoinImage join => Picturing.Decide(posting, join),
            RemoveImage remove => Picturing.Decide(posting, remove),
            Remember remember => Own(posting, remember),
            Close close => Closing.Decide(posting, close),
            Sweep => new Swept(),
            _ => throw new NotSupportedException($"No decision is written for {command.GetType().Name}."),
        };
        posting.DropSpentGrants();
        Alerting.WatchBalance(posting);
        return posting.ToDecision(outcome);
    }

    private static Outcome Own(Posting posting, Remember command)
    {
        if (command.RecordedClaim is { } owner && owner.Binds(posting.State, posting.Now))
        {
            return new Claimed(owner);
        }

        var claim = new ClaimRecord(command.Claim, command.OperationId, posting.Now + ClaimRecord.Life, command.Payload) { AnsweredAt = posting.Now };
        posting.Write(claim);
        return new Claimed(claim);
    }
}
