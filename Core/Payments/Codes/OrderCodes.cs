using ServerlessAi.Payments.Catalog;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments.Codes;

/// <param name="Code">Null when none was typed.</param>
public sealed record TakenCode(PromoCode? Code);

/// <summary>Codes for purchases: a use is taken before its order is written, and given back when there is never one, or none that is paid.</summary>
public sealed class OrderCodes(TypedCodes typedCodes, CodeUses uses, OrderStore orders, Agenda agenda, TimeProvider time)
{
    // Longer than any request takes: who took a use writes the order within it, or not at all.
    private static readonly TimeSpan UseLife = TimeSpan.FromMinutes(15);

    /// <summary>Finds a code, and takes one of its uses for an order that is about to be written; of one that never is, the timer gives it back.</summary>
    /// <param name="typed">Null or empty for none.</param>
    /// <param name="isOfPlan">The order buys a plan, and not a package.</param>
    internal async Task<Answer<TakenCode>> TakeAsync(string accountId, string? typed, string orderId, bool isOfPlan, CancellationToken cancellationToken)
    {
        var found = await FindAsync(accountId, typed, isOfPlan, cancellationToken);
        if (!found.Succeeded || found.Value.Code is not { } code)
        {
            return found;
        }

        await agenda.AddAsync(TaskKind.CodeUse, accountId, $"{code.Id}:{orderId}", time.GetUtcNow() + UseLife, cancellationToken);
        var taken = await uses.TakeAsync(code, accountId, CodeUses.ToOrder(orderId), cancellationToken);
        return taken.Succeeded ? new TakenCode(code) : taken.Refusal;
    }

    /// <summary>Finds a code and takes nothing: what is not to be had now is refused in the same words.</summary>
    internal async Task<Answer<TakenCode>> LookUpAsync(string accountId, string? typed, bool isOfPlan, CancellationToken cancellationToken)
    {
        var found = await FindAsync(accountId, typed, isOfPlan, cancellationToken);
        return !found.Succeeded || found.Value.Code is not { } code ? found
            : await uses.FindAsync(code.Id, accountId, cancellationToken) is not null ? CodeUses.HasUsed()
            : await uses.AreUpAsync(code, accountId, cancellationToken) ? CodeUses.IsUsedUp()
            : found;
    }

    private async Task<Answer<TakenCode>> FindAsync(string accountId, string? typed, bool isOfPlan, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(typed))
        {
            return new TakenCode(Code: null);
        }

        var found = await typedCodes.FindAsync(accountId, typed, cancellationToken);
        return !found.Succeeded ? found.Refusal : Problem(found.Value, isOfPlan) is { } problem ? problem : new TakenCode(found.Value);
    }

    /// <summary>Gives a use back whose order was never written.</summary>
    /// <returns>Always true: where there is an order, its own end decides, and a use that was taken anew has an item of its own.</returns>
    internal async Task<bool?> FinishAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        if (item.Id.Split(':', 2) is [var codeId, var orderId] && await orders.FindAsync(item.AccountId, orderId, cancellationToken) is null)
        {
            await uses.GiveBackAsync(codeId, item.AccountId, CodeUses.ToOrder(orderId), cancellationToken, takenBefore: time.GetUtcNow() - UseLife);
        }

        return true;
    }

    // A code that would come to nothing must not lose its use.
    private static Refusal? Problem(PromoCode code, bool isOfPlan) => code.Kind switch
    {
        CodeKind.Credits => Refusal.Invalid("This code gives credits by itself: send it to 'credits/redeem'."),
        CodeKind.Bonus when isOfPlan => Refusal.Invalid("This code adds credits to a package: send it to 'credits/purchase'."),
        _ => null,
    };
}
