using ServerlessAi.Accounts;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Payments.Codes;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments;

/// <param name="Quantity">How many packages; null is one.</param>
/// <param name="ByOwner">Who pays is who disposes of the account. A member's card pays for what they buy for their team, and nothing else.</param>
public sealed record PurchaseInput(string? PackageId, int? Quantity, string? PromoCode, bool ByOwner);

/// <summary>Buys packages of credits.</summary>
public sealed class Purchases(Packages packages, OrderCodes codes, Payers payers, Checkouts checkouts, IIdSource ids)
{
    /// <summary>Packages in one order.</summary>
    public const int QuantityLimit = 1_000;

    /// <summary>The least that a card is charged: Stripe takes no less than half a dollar (docs.stripe.com/currencies, minimum amounts).</summary>
    private const long LeastCents = 50;

    /// <param name="claim">The idempotency key; null for none.</param>
    /// <param name="origin">The app's own address.</param>
    public async Task<Answer<Order>> BeginAsync(string accountId, PurchaseInput input, Claim? claim, string origin, CancellationToken cancellationToken)
    {
        if (await checkouts.FindRepeatedAsync(accountId, claim, ids, cancellationToken) is { } repeated)
        {
            return repeated;
        }

        var quantity = input.Quantity ?? 1;
        if (quantity is < 1 or > QuantityLimit)
        {
            return Refusal.Invalid($"'quantity' must be 1 to {QuantityLimit}.");
        }

        if (string.IsNullOrEmpty(input.PackageId) || await packages.ReadAsync(input.PackageId, cancellationToken) is not { Offered: true } package)
        {
            return Refusal.Invalid("'packageId' must name a package on offer: see GET credits/packages.");
        }

        var id = Checkouts.IdOf(accountId, claim, ids);
        var code = await codes.TakeAsync(accountId, input.PromoCode, id, isOfPlan: false, cancellationToken);
        if (!code.Succeeded)
        {
            return code.Refusal;
        }

        var price = package.PriceOf(quantity, code.Value.Code, checkouts.Currency);
        var bonus = code.Value.Code is { Kind: CodeKind.Bonus, Value: var credits } ? credits : 0;
        var payer = await payers.ReadAsync(accountId, cancellationToken);
        var order = new Order(id, accountId, OrderKind.Credits, $"{package.Name}, {package.Credits * quantity:0.######} credits", AtLeast(price))
        {
            Gateway = "",
            PackageId = package.Id,
            PromoCode = code.Value.Code?.Id,
            CreditsMicro = Money.FromCredits(package.Credits * quantity + bonus),
            Fingerprint = claim?.Fingerprint,
            SavesMethod = input.ByOwner && payer.TopUp is not null,
        };
        return await checkouts.BeginAsync(order, origin, cancellationToken);
    }

    /// <summary>A price that can be charged: nothing, or what the gateway takes at least.</summary>
    internal static OrderPrice AtLeast(OrderPrice price) => price.AmountCents is > 0 and < LeastCents ? price with { AmountCents = LeastCents } : price;
}
