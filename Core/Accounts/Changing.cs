using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>Credits given and taken without a hold, and how a repetition of the same change is recognised.</summary>
internal static class Changing
{
    public static Outcome Decide(Posting posting, Change command)
    {
        if (command.RecordedClaim is { } owner && owner.Binds(posting.State, posting.Now))
        {
            return new Claimed(owner);
        }

        if (command.Recorded is { } recorded)
        {
            return Repeated(posting, recorded, command);
        }

        if (command.IsQuestion)
        {
            return new Refused(new Refusal(RefusalCodes.PreconditionFailed, "This was not carried out."));
        }

        if (command.AmountMicro <= 0)
        {
            return new Refused(Refusal.Invalid("The amount must be more than zero."));
        }

        var outcome = command switch
        {
            Grant grant => Give(posting, grant),
            Deduct deduct => Take(posting, deduct, EntryKind.Deduct, _ => true),
            GiveAway gift => Take(posting, gift, EntryKind.GiftOut, IsPurchase),
            Refund refund => TakeBack(posting, refund),
            _ => throw new NotSupportedException($"No decision is written for {command.GetType().Name}."),
        };
        if (outcome is Posted posted && command.Claim is { } claim)
        {
            // Owned and answered at once: a change has no time in which it is under way.
            posting.Write(new ClaimRecord(claim, command.OperationId, posting.Now + ClaimRecord.Life, posted.Credits.ToPayload()) { AnsweredAt = posting.Now });
        }

        return outcome;
    }

    // The same id with another amount is a mistake, and must not pass for the change that was asked for.
    private static Outcome Repeated(Posting posting, OperationRecord recorded, Change command) => recorded.AmountMicro - recorded.AbsorbedMicro == command.SignedMicro
        ? new Posted(recorded, CreditsThen.Of(posting.State, posting.Now)) { IsRepeat = true }
        : new Refused(new Refusal(RefusalCodes.IdempotencyMismatch, "This operation was carried out before with another amount. A new change needs a new key."));

    private static Outcome Give(Posting posting, Grant command)
    {
        var grant = new CreditGrant(command.OperationId, command.Kind, command.AmountMicro, command.Priority, posting.Now, command.EffectiveAt ?? posting.Now, command.Periods.IsEmpty ? command.ExpiresAt : PlanCredits.EndOf(posting, command.Periods));
        if (grant.IsExpired(posting.Now))
        {
            return new Refused(Refusal.Invalid("The credits would have expired already."));
        }

        if (!posting.TryAddGrant(grant, out var grantId))
        {
            return new Refused(Refusal.Invalid($"The account already has {Account.GrantsLimit} different credit grants."));
        }

        var kind = command.Kind switch
        {
            _ when command.IsGiftBack => EntryKind.GiftIn,
            GrantKind.Purchase => EntryKind.Purchase,
            GrantKind.Gift => EntryKind.GiftIn,
            _ => EntryKind.Grant,
        };
        return Post(posting, posting.Post(kind, [new Allocation(grantId, command.AmountMicro)], command.OperationId, command.Reason));
    }

    private static bool IsPurchase(CreditGrant grant) => grant.Kind == GrantKind.Purchase;

    private static Outcome Take(Posting posting, Change command, EntryKind kind, Func<CreditGrant, bool> from)
    {
        var available = AvailableMicro(posting, from);
        if (available < command.AmountMicro)
        {
            return new Refused(Rules.Funds.Insufficient(available, command.AmountMicro));
        }

        var taken = posting.TakeAvailable(command.AmountMicro, from);
        return Post(posting, posting.Post(kind, Posting.Negated(taken), command.OperationId, command.Reason));
    }

    private static Outcome TakeBack(Posting posting, Refund command)
    {
        var isOfPlan = !command.Periods.IsEmpty;
        var isPaidFor = isOfPlan ? PlanCredits.Of(posting, command.Periods) : IsPurchase;
        var micro = Math.Min(AvailableMicro(posting, isPaidFor), command.AmountMicro);
        var absorbed = command.AmountMicro - micro;
        if (micro == 0)
        {
            return new Posted(posting.Recorded(command.OperationId, absorbed), CreditsThen.Of(posting.State, posting.Now));
        }

        var entry = posting.Post(EntryKind.Refund, Posting.Negated(posting.TakeAvailable(micro, isPaidFor)), command.OperationId, command.Reason, from: isOfPlan ? GrantKind.Plan : null);
        return new Posted(posting.Record(entry, absorbed), CreditsThen.Of(posting.State, posting.Now));
    }

    private static long AvailableMicro(Posting posting, Func<CreditGrant, bool> from) =>
        posting.State.Grants.Where(grant => from(grant) && grant.CanBurn(posting.Now)).Sum(grant => grant.RemainingMicro);

    private static Posted Post(Posting posting, LedgerEntry entry) => new(posting.Record(entry), CreditsThen.Of(posting.State, posting.Now));
}
