using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Payments.Codes;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Plans;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments;

/// <summary>What a plan would cost now.</summary>
/// <param name="ShareLeft">Of the running period, 0 to 1; 1 for a new one.</param>
/// <param name="CreditsMicro">Granted with the payment.</param>
public sealed record PlanQuote(OrderKind Kind, Plan Plan, PlanBasis Basis, DateTimeOffset QuotedAt, decimal ShareLeft, OrderPrice Price, long CreditsMicro)
{
    /// <summary>What is agreed on for each month.</summary>
    public PlanTerms Terms => Plan.ToTerms();
}

/// <summary>Plans bought, made dearer, and what follows a period.</summary>
public sealed class PlanPurchases(Plans.Subscriptions subscriptions, AccountStore accounts, PlanStore plans, OrderCodes codes, Checkouts checkouts, Agenda agenda, IIdSource ids, TimeProvider time)
{
    private const int CentsPerUsd = 100;

    /// <summary>What the checkout would ask for now, with a code or without. No use of the code is taken.</summary>
    public async Task<Answer<PlanQuote>> QuoteAsync(string accountId, string? planId, string? promoCode, CancellationToken cancellationToken)
    {
        var without = await QuoteAsync(accountId, planId, code: (PromoCode?)null, cancellationToken);
        if (!without.Succeeded)
        {
            // Before the code: a plan that cannot be had is no guess at codes.
            return without;
        }

        var found = await codes.LookUpAsync(accountId, promoCode, isOfPlan: true, cancellationToken);
        var quoted = !found.Succeeded ? found.Refusal : found.Value.Code is { } code ? await QuoteAsync(accountId, planId, code, cancellationToken) : without;
        return quoted.Succeeded ? quoted.Value with { Price = Purchases.AtLeast(quoted.Value.Price) } : quoted;
    }

    /// <summary>The price of a first period, or of a dearer plan for what is left of the running one: the difference, rounded up to a cent.</summary>
    private async Task<Answer<PlanQuote>> QuoteAsync(string accountId, string? planId, PromoCode? code, CancellationToken cancellationToken)
    {
        var list = await plans.GetAsync(cancellationToken);
        if (planId is null || list.Find(planId) is not { } plan)
        {
            return Refusal.Invalid("'plan' must name a plan on offer: see GET subscription/plans.");
        }

        var now = time.GetUtcNow();
        var running = (await accounts.ReadAsync(accountId)).Subscription;
        if (running is null)
        {
            return plan is { Offered: true, PriceUsd: > 0 }
                ? new PlanQuote(OrderKind.Plan, plan, PlanBasis.Of(null), now, ShareLeft: 1, PriceOf(Cents(plan.PriceUsd), code), Money.FromCredits(plan.Credits))
                : Refusal.Invalid("This plan is not for sale.");
        }

        if (running.Renewal != RenewalKind.Paid)
        {
            return new Refusal(RefusalCodes.Conflict, "The account has a plan that is not paid for. It can buy one when that has ended.");
        }

        if (running.IsPastDue(now))
        {
            var due = running.At(running.Number + 1).Terms;
            return string.Equals(due.PlanId, plan.Id, StringComparison.Ordinal)
                ? new PlanQuote(OrderKind.Renewal, plan, PlanBasis.Of(running), now, ShareLeft: 1, PriceOf(CentsOf(due), code), due.CreditsMicro)
                : new Refusal(RefusalCodes.Conflict, "The renewal is due. Pay it first, or cancel.");
        }

        return Upgrade(plan, running, now, code);
    }

    /// <param name="origin">The app's own address.</param>
    public async Task<Answer<Order>> BeginAsync(string accountId, string? planId, string? promoCode, Claim? claim, string origin, CancellationToken cancellationToken)
    {
        if (await checkouts.FindRepeatedAsync(accountId, claim, ids, cancellationToken) is { } repeated)
        {
            return repeated;
        }

        var without = await QuoteAsync(accountId, planId, code: (PromoCode?)null, cancellationToken);
        if (!without.Succeeded)
        {
            return without.Refusal;
        }

        var id = Checkouts.IdOf(accountId, claim, ids);
        var taken = await codes.TakeAsync(accountId, promoCode, id, isOfPlan: true, cancellationToken);
        var quoted = taken.Succeeded ? await QuoteAsync(accountId, planId, taken.Value.Code, cancellationToken) : taken.Refusal;
        if (!quoted.Succeeded)
        {
            return quoted.Refusal;
        }

        var quote = quoted.Value;
        var order = new Order(id, accountId, quote.Kind, $"Plan {quote.Plan.Name}", Purchases.AtLeast(quote.Price))
        {
            Gateway = "",
            PromoCode = taken.Value!.Code?.Id,
            Terms = quote.Terms,
            Basis = quote.Basis,
            QuotedAt = quote.QuotedAt,
            CreditsMicro = quote.CreditsMicro,
            Fingerprint = claim?.Fingerprint,
            SavesMethod = true,
        };
        return await checkouts.BeginAsync(order, origin, cancellationToken);
    }

    /// <summary>Says what follows the running period: another plan, the same again, or nothing.</summary>
    public async Task<Answer<SubscriptionView>> SetNextAsync(string accountId, string? planId, bool isCancelled, CancellationToken cancellationToken)
    {
        if (isCancelled == planId is not null)
        {
            return Refusal.Invalid("Say either 'plan' or 'cancel': true.");
        }

        var list = await plans.GetAsync(cancellationToken);
        var plan = planId is null ? null : list.Find(planId);
        if (planId is not null && plan is null)
        {
            return Refusal.Invalid("'plan' must name a plan on offer: see GET subscription/plans.");
        }

        var running = (await accounts.ReadAsync(accountId)).Subscription;
        var isSame = string.Equals(plan?.Id, running?.Terms.PlanId, StringComparison.Ordinal);
        if (plan is not null && running is not null && !isSame && (running.Renewal != RenewalKind.Paid || !plan.Offered))
        {
            return new Refusal(RefusalCodes.Conflict, "Only a plan that is paid for can be followed by another, and only by one that is on offer.");
        }

        if (plan is not null)
        {
            // Who had cancelled may have been struck off the list of those who are charged.
            await agenda.AddAsync(TaskKind.Renewal, accountId, PlanRenewals.ItemId, dueAt: null, cancellationToken);
        }

        // A plan that costs nothing is what is there without one.
        return await subscriptions.SetNextAsync(accountId, plan is { PriceUsd: 0 } ? null : plan, plan is null ? "cancelled_by_user" : "changed_by_user", cancellationToken);
    }

    internal static long CentsOf(PlanTerms terms) => Cents(Money.ToUsd(terms.PriceNanoUsd));

    private Answer<PlanQuote> Upgrade(Plan plan, Subscription running, DateTimeOffset now, PromoCode? code)
    {
        var (before, after) = (CentsOf(running.Terms), Cents(plan.PriceUsd));
        if (!plan.Offered || after <= before)
        {
            return new Refusal(RefusalCodes.Conflict, "Only a dearer plan begins at once. For any other from the next period on, use 'subscription/change'.");
        }

        var share = running.ShareLeft(now);
        var credits = (long)Math.Floor(Math.Max(0, Money.FromCredits(plan.Credits) - running.PeakCreditsMicro) * share);
        return new PlanQuote(OrderKind.Upgrade, plan, PlanBasis.Of(running), now, share, PriceOf((long)Math.Ceiling((after - before) * share), code), credits);
    }

    private OrderPrice PriceOf(long cents, PromoCode? code) => PriceMath.Of(cents, quantity: 1, percentOff: 0, code, checkouts.Currency);

    private static long Cents(decimal usd) => (long)Math.Ceiling(usd * CentsPerUsd);
}
