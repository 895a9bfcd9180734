using System.Globalization;

namespace ServerlessAi.Accounts.Subscriptions;

/// <summary>What time does to a subscription: it goes on by itself, or ends. Decided by the first command that comes after, so that no timer is needed for it.</summary>
internal static class Renewing
{
    public static void Apply(Posting posting)
    {
        if (posting.State.Subscription is not { } running || posting.Now < running.PeriodEnd)
        {
            return;
        }

        if (running.Renewal == RenewalKind.Paid && running.GoesOn)
        {
            if (posting.Now >= running.PeriodEnd + Subscription.Grace)
            {
                End(posting, NameOf(running, "unpaid"), "unpaid", running.PeriodEnd + Subscription.Grace);
            }

            return;
        }

        var next = running;
        while (next.GoesOn && posting.Now >= next.PeriodEnd)
        {
            next = next.At(next.Number + 1);
        }

        if (posting.Now >= next.PeriodEnd)
        {
            posting.Set(posting.State with { Subscription = next });
            End(posting, NameOf(next, "expired"), "expired", next.PeriodEnd);
            return;
        }

        // Credits of periods that nobody was there for would have expired with them: only the present period's are granted.
        var operationId = NameOf(next, next.Number.ToString(CultureInfo.InvariantCulture));
        posting.Set(posting.State with { Subscription = next, PlanId = next.Terms.PlanId });
        var granted = Grant(posting, next, next.Terms.CreditsMicro, operationId, "plan_renewed");
        posting.Write(Event(posting, next, SubscriptionEventKind.Renewed, operationId, granted, "renewed"));
    }

    /// <summary>Ends the subscription. What it granted lasts to the end of its period.</summary>
    public static void End(Posting posting, string operationId, string reason, DateTimeOffset at)
    {
        var ended = posting.State.Subscription! with { EndedAt = at };
        posting.Set(posting.State with { Subscription = null, Lapsed = ended, PlanId = null });
        posting.Write(Event(posting, ended, SubscriptionEventKind.Ended, operationId, granted: 0, reason));
    }

    /// <summary>Grants a period's credits, or a part of them, until the period's end.</summary>
    /// <returns>What was granted, micro-credits.</returns>
    public static long Grant(Posting posting, Subscription subscription, long micro, string operationId, string reason)
    {
        if (micro <= 0)
        {
            return 0;
        }

        var grant = new CreditGrant(operationId, GrantKind.Plan, micro, Priority: 0, posting.Now, posting.Now, subscription.PeriodEnd);
        posting.AddOwedGrant(grant, out var grantId);
        posting.Record(posting.Post(EntryKind.Grant, [new Allocation(grantId, micro)], operationId, reason));
        return micro;
    }

    /// <summary>A period's credits end with it, also when its end is put off. Where it is brought forward, they last as long as they were to.</summary>
    public static void PutOff(Posting posting, Subscription running, DateTimeOffset to) => posting.Set(posting.State with
    {
        Grants = [.. posting.State.Grants.Select(grant => running.HasGranted(grant) && grant.ExpiresAt < to ? grant with { ExpiresAt = to } : grant)],
    });

    public static SubscriptionEvent Event(Posting posting, Subscription subscription, SubscriptionEventKind kind, string operationId, long granted, string reason) =>
        new(kind, operationId, posting.Now, subscription.Terms, subscription.PeriodStart, subscription.PeriodEnd, granted, reason);

    private static string NameOf(Subscription subscription, string what) => $"{subscription.Id}.{what}";
}
