namespace ServerlessAi.Accounts.Subscriptions;

/// <summary>A change of the plan an account has.</summary>
public abstract record SubscriptionChange(string OperationId, string Reason) : Once(OperationId, Reason);

/// <summary>
/// Says which plan the account has from now on, whatever it had. Another plan in the middle of a period keeps the period, and grants the difference in
/// credits for what is left of it; the same plan only takes over how it goes on.
/// </summary>
/// <param name="Terms">Null ends the subscription at once. Credits that were granted stay until their period's end.</param>
public sealed record SetPlan(string OperationId, PlanTerms? Terms, RenewalKind Renewal, string Reason) : SubscriptionChange(OperationId, Reason)
{
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>From when on the difference to the plan before counts, which is when its price was quoted; null is now.</summary>
    public DateTimeOffset? QuotedAt { get; init; }

    /// <summary>What the price was quoted for. When the account has something else by now it is a conflict, and nothing changes; null is for whatever is there.</summary>
    public PlanBasis? Basis { get; init; }
}

/// <summary>The subscription that a quote was made for.</summary>
/// <param name="SubscriptionId">Null: the account had none.</param>
/// <param name="Number">Its period.</param>
public sealed record PlanBasis(string? SubscriptionId, int Number, string? PlanId)
{
    public static PlanBasis Of(Subscription? running) => new(running?.Id, running?.Number ?? 0, running?.Terms.PlanId);
}

/// <summary>A period of a subscription that somebody paid for.</summary>
public sealed record PaidPeriod(string SubscriptionId, int Number)
{
    public bool IsOf(Subscription plan) => plan.Number == Number && string.Equals(plan.Id, SubscriptionId, StringComparison.Ordinal);
}

/// <summary>Says what follows the running period.</summary>
/// <param name="Terms">Another plan, or the present one to go on after all; null ends with the period.</param>
public sealed record SetNextPlan(string OperationId, PlanTerms? Terms, string Reason) : SubscriptionChange(OperationId, Reason);

/// <summary>A further period was paid for.</summary>
/// <param name="SubscriptionId">Which subscription.</param>
/// <param name="Number">Which period, 2 or later.</param>
/// <param name="Terms">What was paid for.</param>
public sealed record Renew(string OperationId, string SubscriptionId, int Number, PlanTerms Terms, string Reason) : SubscriptionChange(OperationId, Reason)
{
    /// <summary>Charged without the payer: a plan that has ended meanwhile, or is to end, is a conflict. Who pays themselves begins it anew.</summary>
    public bool IsOffSession { get; init; }
}

/// <summary>Gives a plan back that was ended before its time, for what is left of its period; what follows has to be asked for anew. It grants nothing.</summary>
/// <param name="SubscriptionId">Which subscription.</param>
/// <param name="Number">Which of its periods.</param>
public sealed record Resume(string OperationId, string SubscriptionId, int Number, string Reason) : SubscriptionChange(OperationId, Reason);
