using ServerlessAi.Access;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Payments;

/// <summary>An order as its payer sees it; the billing history is a list of them.</summary>
/// <param name="Amount">To be paid, in <paramref name="Currency"/>.</param>
/// <param name="CheckoutUrl">Where to pay; absent once that is settled, and for members of a team whose owner is to pay there.</param>
public sealed record OrderOutput(string OrderId, OrderKind Kind, OrderStatus Status, string Title, decimal Amount, string Currency, decimal Credits, string? CheckoutUrl, DateTimeOffset CreatedAt)
{
    public PriceOutput? Price { get; init; }

    public string? PackageId { get; init; }

    public string? Plan { get; init; }

    public string? PromoCode { get; init; }

    public DateTimeOffset? PaidAt { get; init; }

    /// <summary>Paid back.</summary>
    public decimal? Refunded { get; init; }

    /// <summary>Credits taken back for it.</summary>
    public decimal? CreditsTakenBack { get; init; }

    public static OrderOutput Of(Order order) => new(
        order.Id, order.Kind, order.Status, order.Title, Units(order.Price.AmountCents), order.Price.Currency, Money.ToCredits(order.CreditsMicro),
        order.Status == OrderStatus.Created ? order.CheckoutUrl : null, order.CreatedAt)
    {
        Price = PriceOutput.Of(order.Price),
        PackageId = order.PackageId,
        Plan = order.Terms?.PlanId,
        PromoCode = order.PromoCode,
        PaidAt = order.PaidAt,
        Refunded = order.RefundedCents > 0 ? Units(order.RefundedCents) : null,
        CreditsTakenBack = order.TakenBackMicro > 0 ? Money.ToCredits(order.TakenBackMicro) : null,
    };

    /// <summary>What the caller may see of an order of their account.</summary>
    public static OrderOutput Of(Order order, Caller caller) => order.IsPageOfOwner && !caller.IsOwner ? Of(order) with { CheckoutUrl = null } : Of(order);

    internal static decimal Units(long cents) => cents / 100m;
}

/// <summary>How an amount came about.</summary>
public sealed record PriceOutput(decimal Unit, int Quantity, decimal PercentOff, decimal CodeOff, decimal Amount)
{
    public static PriceOutput Of(OrderPrice price) =>
        new(OrderOutput.Units(price.UnitCents), price.Quantity, price.PercentOff, OrderOutput.Units(price.CodeCents), OrderOutput.Units(price.AmountCents));
}

/// <summary>The same for an admin, with what the gateway calls it and what was refused.</summary>
public sealed record AdminOrderOutput(OrderOutput Order, string UserId, string Gateway, bool IsLive)
{
    public string? SessionId { get; init; }

    public string? PaymentId { get; init; }

    public DateTimeOffset? FulfilledAt { get; init; }

    /// <summary>Credits that were spent before their price was paid back.</summary>
    public decimal CreditsAbsorbed { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    public static AdminOrderOutput Of(Order order) => new(OrderOutput.Of(order), order.AccountId, order.Gateway, order.IsLive)
    {
        SessionId = order.SessionId,
        PaymentId = order.PaymentId,
        FulfilledAt = order.FulfilledAt,
        CreditsAbsorbed = Money.ToCredits(order.AbsorbedMicro),
        Notes = order.Notes,
    };
}
