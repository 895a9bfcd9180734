using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts.Subscriptions;

/// <summary>Plans begun, changed, renewed and ended on request. What time does to them is in <see cref="Renewing"/>.</summary>
internal static class Subscribing
{
    public static Outcome Decide(Posting posting, SubscriptionChange command)
    {
        if (command.RecordedClaim is { } owner && owner.Binds(posting.State, posting.Now))
        {
            return new Claimed(owner);
        }

        if (command.Recorded is { } recorded)
        {
            return new PlanSet(recorded, posting.State) { IsRepeat = true };
        }

        var refusal = command switch
        {
            SetPlan { Terms: null } end => End(posting, end),
            SetPlan set => Set(posting, set, set.Terms),
            SetNextPlan next => SetNext(posting, next),
            Renew renew => Renewed(posting, renew),
            Resume resume => Resumed(posting, resume),
            _ => throw new NotSupportedException($"No decision is written for {command.GetType().Name}."),
        };
        if (refusal is not null)
        {
            return new Refused(refusal);
        }

        var record = posting.Recorded(command.OperationId);
        if (command.Claim is { } claim)
        {
            posting.Write(new ClaimRecord(claim, command.OperationId, posting.Now + ClaimRecord.Life, CreditsThen.Of(posting.State, posting.Now).ToPayload()) { AnsweredAt = posting.Now });
        }

        return new PlanSet(record, posting.State);
    }

    private static Refusal? Set(Posting posting, SetPlan command, PlanTerms terms)
    {
        if (command.EndsAt <= posting.Now)
        {
            return Refusal.Invalid("The subscription would have ended already.");
        }

        if (command.Basis is { } basis && basis != PlanBasis.Of(posting.State.Subscription))
        {
            return new Refusal(RefusalCodes.Conflict, "The account's plan is another one than the price was quoted for.");
        }

        if (posting.State.Subscription is { } running)
        {
            Change(posting, command, terms, running);
        }
        else if (Resumable(posting, command) is { } lapsed)
        {
            // Its period has had its credits.
            Keep(posting, lapsed, SubscriptionEventKind.Resumed, command, granted: 0);
            Change(posting, command, terms, lapsed);
        }
        else
        {
            Begin(posting, command, terms, command.Renewal, command.EndsAt);
        }

        return null;
    }

    // Only what an admin gave: whoever pays for a plan anew gets all of it.
    private static Subscription? Resumable(Posting posting, SetPlan command) =>
        command.Renewal != RenewalKind.Paid && posting.State.Lapsed is { } lapsed && posting.Now < lapsed.PeriodEnd ? lapsed : null;

    private static void Begin(Posting posting, SubscriptionChange command, PlanTerms terms, RenewalKind renewal, DateTimeOffset? endsAt)
    {
        var subscription = new Subscription
        {
            Id = command.OperationId,
            Terms = terms,
            StartedAt = posting.Now,
            PeriodStart = posting.Now,
            PeriodEnd = Subscription.EndOf(posting.Now, number: 1, endsAt),
            Renewal = renewal,
            EndsAt = endsAt,
            PeakCreditsMicro = terms.CreditsMicro,
        };
        var granted = Renewing.Grant(posting, subscription, terms.CreditsMicro, command.OperationId, command.Reason);
        Keep(posting, subscription, SubscriptionEventKind.Started, command, granted);
    }

    private static void Change(Posting posting, SetPlan command, PlanTerms terms, Subscription running)
    {
        var end = Subscription.EndOf(running.StartedAt, running.Number, command.EndsAt);
        var next = running with
        {
            Terms = terms,
            Next = null,
            Renewal = command.Renewal,
            IsCancelled = false,
            EndsAt = command.EndsAt,
            PeriodEnd = end,
            CreditsUntil = running.CreditsEnd > end ? running.CreditsEnd : null,
            PeakCreditsMicro = Math.Max(running.PeakCreditsMicro, terms.CreditsMicro),
        };
        Renewing.PutOff(posting, running, end);
        if (string.Equals(terms.PlanId, running.Terms.PlanId, StringComparison.Ordinal))
        {
            Keep(posting, next with { PeakCreditsMicro = running.PeakCreditsMicro }, SubscriptionEventKind.Changed, command, granted: 0);
            return;
        }

        var more = (long)Math.Floor((next.PeakCreditsMicro - running.PeakCreditsMicro) * next.ShareLeft(command.QuotedAt ?? posting.Now));
        Keep(posting, next, SubscriptionEventKind.Changed, command, Renewing.Grant(posting, next, more, command.OperationId, command.Reason));
    }

    private static Refusal? SetNext(Posting posting, SetNextPlan command)
    {
        if (posting.State.Subscription is not { } running)
        {
            return Refusal.NotFound("The account has no subscription.");
        }

        if (command.Terms is not null && posting.State.IsFounderless && running.Renewal == RenewalKind.Paid)
        {
            return new Refusal(RefusalCodes.Conflict, "The team's founder, who paid for its plan, has deleted their account.");
        }

        var kind = command.Terms is null ? SubscriptionEventKind.Cancelled : SubscriptionEventKind.ChangeScheduled;
        var isSame = string.Equals(command.Terms?.PlanId, running.Terms.PlanId, StringComparison.Ordinal);
        Keep(posting, running with { IsCancelled = command.Terms is null, Next = isSame ? null : command.Terms }, kind, command, granted: 0);
        return null;
    }

    private static Refusal? Renewed(Posting posting, Renew command)
    {
        var running = posting.State.Subscription;
        if (command.IsOffSession && running is not { Renewal: RenewalKind.Paid, GoesOn: true })
        {
            return new Refusal(RefusalCodes.Conflict, "The plan has ended, or was cancelled.");
        }

        if (running is null || !string.Equals(running.Id, command.SubscriptionId, StringComparison.Ordinal))
        {
            // The money came after the plan had ended for want of it. It was paid for, so it begins anew.
            if (running is null)
            {
                Begin(posting, command, command.Terms, RenewalKind.Paid, endsAt: null);
                return null;
            }

            return new Refusal(RefusalCodes.Conflict, "The account has another subscription by now.");
        }

        if (command.Number != running.Number + 1)
        {
            return new Refusal(RefusalCodes.Conflict, $"Period {command.Number} cannot follow period {running.Number}.");
        }

        // What was asked for after the charge was is not paid for with it, and waits for the period after.
        var agreed = running.At(command.Number).Terms;
        var next = running.At(command.Number) with
        {
            Terms = command.Terms,
            Next = string.Equals(agreed.PlanId, command.Terms.PlanId, StringComparison.Ordinal) ? null : agreed,
            PeakCreditsMicro = command.Terms.CreditsMicro,
        };
        Keep(posting, next, SubscriptionEventKind.Renewed, command, Renewing.Grant(posting, next, command.Terms.CreditsMicro, command.OperationId, command.Reason));
        return null;
    }

    private static Refusal? Resumed(Posting posting, Resume command)
    {
        if (posting.State.Subscription is not null || posting.State.Lapsed is not { } lapsed || posting.Now >= lapsed.PeriodEnd
            || lapsed.Number != command.Number || !string.Equals(lapsed.Id, command.SubscriptionId, StringComparison.Ordinal))
        {
            return new Refusal(RefusalCodes.Conflict, "The account has another plan by now, or the period is over.");
        }

        Keep(posting, lapsed with { IsCancelled = true, Next = null }, SubscriptionEventKind.Resumed, command, granted: 0);
        return null;
    }

    private static Refusal? End(Posting posting, SetPlan command)
    {
        if (posting.State.Subscription is null)
        {
            return Refusal.NotFound("The account has no subscription.");
        }

        if (command.Basis is { } basis && basis != PlanBasis.Of(posting.State.Subscription))
        {
            return new Refusal(RefusalCodes.Conflict, "The account's plan is another one than was to be ended.");
        }

        Renewing.End(posting, command.OperationId, command.Reason, posting.Now);
        return null;
    }

    private static void Keep(Posting posting, Subscription subscription, SubscriptionEventKind kind, SubscriptionChange command, long granted)
    {
        posting.Set(posting.State with { Subscription = subscription with { EndedAt = null }, Lapsed = null, PlanId = subscription.Terms.PlanId });
        posting.Write(Renewing.Event(posting, subscription, kind, command.OperationId, granted, command.Reason));
    }
}
