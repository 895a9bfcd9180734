using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>
/// The decider: pure, total, without I/O. Whatever moves credits, quotas or budgets is decided here and nowhere else; the store only
/// writes down what it says. README.md in this folder lists the invariants that hold after every decision.
/// </summary>
public static class Account
{
    /// <summary>Open credit grants an account may have; alike ones are merged, so more means a mistake in whoever grants.</summary>
    public const int GrantsLimit = 64;

    /// <summary>Decides one command. Periods roll and expired holds and credits are reclaimed first, whatever the command.</summary>
    /// <param name="now">The deciding instant; a clock that lags behind an earlier decision never rolls a period back.</param>
    public static Decision Decide(AccountState state, Command command, DateTimeOffset now)
    {
        var posting = new Posting(state, now);
        Housekeeping.Apply(posting, command.OperationId);
        var outcome = command switch
        {
            Reserve reserve => Reserving.Decide(posting, reserve),
            Settle settle => Ending.Decide(posting, settle),
            Release release => Ending.Decide(posting, release),
            Grant grant => Give(posting, grant),
            Deduct deduct => Take(posting, deduct),
            Remember remember => Own(posting, remember),
            Sweep => new Swept(),
            _ => throw new NotSupportedException($"No decision is written for {command.GetType().Name}."),
        };
        posting.DropSpentGrants();
        return posting.ToDecision(outcome);
    }

    private static Outcome Give(Posting posting, Grant command)
    {
        if (command.Recorded is { } recorded)
        {
            return Repeated(recorded, command.AmountMicro);
        }

        if (command.AmountMicro <= 0)
        {
            return new Refused(Refusal.Invalid("The amount must be more than zero."));
        }

        var grant = new CreditGrant(command.OperationId, command.Kind, command.AmountMicro, command.Priority, posting.Now, command.EffectiveAt ?? posting.Now, command.ExpiresAt);
        if (grant.IsExpired(posting.Now))
        {
            return new Refused(Refusal.Invalid("The credits would have expired already."));
        }

        if (!posting.TryAddGrant(grant, out var grantId))
        {
            return new Refused(Refusal.Invalid($"The account already has {GrantsLimit} different credit grants."));
        }

        var kind = command.Kind == GrantKind.Purchase ? EntryKind.Purchase : EntryKind.Grant;
        var entry = posting.Post(kind, [new Allocation(grantId, command.AmountMicro)], command.OperationId, command.Reason);
        return new Posted(posting.Record(entry));
    }

    // The same id with another amount is a mistake, and must not pass for the change that was asked for.
    private static Outcome Repeated(OperationRecord recorded, long amountMicro) => recorded.AmountMicro == amountMicro
        ? new Posted(recorded)
        : new Refused(new Refusal(RefusalCodes.IdempotencyMismatch, "This operation was carried out before with another amount. A new change needs a new key."));

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

    private static Outcome Take(Posting posting, Deduct command)
    {
        if (command.Recorded is { } recorded)
        {
            return Repeated(recorded, -command.AmountMicro);
        }

        if (command.AmountMicro <= 0)
        {
            return new Refused(Refusal.Invalid("The amount must be more than zero."));
        }

        var available = posting.State.AvailableMicro(posting.Now);
        if (available < command.AmountMicro)
        {
            return new Refused(Rules.Funds.Insufficient(available, command.AmountMicro));
        }

        var taken = posting.TakeAvailable(command.AmountMicro);
        var entry = posting.Post(EntryKind.Deduct, Posting.Negated(taken), command.OperationId, command.Reason);
        return new Posted(posting.Record(entry));
    }
}
