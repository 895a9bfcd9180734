using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments.Orders;

/// <summary>
/// Ends the plan of an order whose whole price went back, and gives it back when a dispute is won: for what is left of its period and no longer, because nobody
/// is to be charged by themselves who has disputed a charge.
/// </summary>
public sealed class PlanEndings(AccountStore accounts, OrderStore orders, Agenda agenda)
{
    /// <summary>Whether something is to be done.</summary>
    public static bool IsDue(Order order) => MustEnd(order) || MustReturn(order);

    /// <returns>The order after it; or why that is not possible now.</returns>
    public async Task<Answer<Order>> CarryOutAsync(Order order, CancellationToken cancellationToken) =>
        MustEnd(order) ? await EndAsync(order, cancellationToken) : MustReturn(order) ? await ReturnAsync(order, cancellationToken) : order;

    private static bool MustEnd(Order order) =>
        order is { IsOfPlan: true, AsCredits: false, IsPlanEnded: false, FulfilledAt: not null, Price.AmountCents: > 0 } && order.LostCents == order.Price.AmountCents;

    private static bool MustReturn(Order order) => order is { IsPlanEnded: true, HasEndedPlan: true } && order.LostCents < order.Price.AmountCents;

    private async Task<Answer<Order>> EndAsync(Order order, CancellationToken cancellationToken)
    {
        var state = await accounts.ReadAsync(order.AccountId);
        // The one that has ended too: a repetition finds out whether it was this order's doing.
        var plan = new[] { state.Subscription, state.Lapsed }.FirstOrDefault(known => known is not null && IsPaidBy(order, known));
        var outcome = plan is null ? null : await accounts.ExecuteAsync(
            order.AccountId, new SetPlan(NameOf(order, "end"), Terms: null, RenewalKind.None, "refunded") { Basis = PlanBasis.Of(plan), Since = order.CreatedAt });
        if (outcome is Refused { Refusal: var refusal } && IsForLater(refusal))
        {
            return refusal;
        }

        return await orders.ChangeAsync(order.AccountId, order.Id, now => now.IsPlanEnded ? now : now with { IsPlanEnded = true, HasEndedPlan = outcome is PlanSet }, cancellationToken);
    }

    private async Task<Answer<Order>> ReturnAsync(Order order, CancellationToken cancellationToken)
    {
        // As when it was bought: the owner may decide that it goes on.
        await agenda.AddAsync(TaskKind.Renewal, order.AccountId, PlanRenewals.ItemId, dueAt: null, cancellationToken);
        var state = await accounts.ReadAsync(order.AccountId);
        var plan = new[] { state.Lapsed, state.Subscription }.FirstOrDefault(known => known is not null && IsPaidBy(order, known));
        var outcome = plan is null ? null : await accounts.ExecuteAsync(
            order.AccountId, new Resume(NameOf(order, "return"), plan.Id, plan.Number, "dispute_won") { Since = order.CreatedAt });
        if (outcome is Refused { Refusal: var refusal } && IsForLater(refusal))
        {
            return refusal;
        }

        return await orders.ChangeAsync(order.AccountId, order.Id, now => now.IsPlanEnded && now.PlanReturns == order.PlanReturns ? Returned(now, outcome is PlanSet) : now, cancellationToken);
    }

    private static Order Returned(Order order, bool isBack)
    {
        var next = order with { IsPlanEnded = false, HasEndedPlan = false, PlanReturns = order.PlanReturns + 1 };
        return isBack ? next : next.Noted("a dispute was won too late for its plan");
    }

    // Another plan, none, or a closed account: waiting changes none of it.
    private static bool IsForLater(Refusal refusal) => refusal.Code is not (RefusalCodes.NotFound or RefusalCodes.Conflict or RefusalCodes.AccountClosed);

    private static string NameOf(Order order, string what) => order.PlanReturns == 0 ? $"refund-{order.Id}-{what}" : $"refund-{order.Id}-{what}-{order.PlanReturns + 1}";

    // Only the period that the order paid for: a later one was paid for by another.
    private static bool IsPaidBy(Order order, Subscription plan) => order.PaidPeriods.Any(period => period.IsOf(plan));
}
