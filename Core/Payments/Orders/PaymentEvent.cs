using System.Globalization;

namespace ServerlessAi.Payments.Orders;

/// <summary>What happened on the payment side.</summary>
public enum PaymentEventKind
{
    Paid = 0,
    Failed = 1,
    Expired = 2,
    Refunded = 3,
    Disputed = 4,

    /// <summary>Money that was paid back has come back: the payer has to get it another way, which is for people to find.</summary>
    RefundFailed = 5,
}

/// <summary>One thing that a payment gateway says of an order.</summary>
/// <param name="Id">The gateway's name for the event; for the log.</param>
/// <param name="AccountId">Whose order, as the gateway was told when it was made.</param>
public sealed record PaymentEvent(string Id, PaymentEventKind Kind, string Gateway, string AccountId, string OrderId)
{
    public bool IsLive { get; init; }

    /// <summary>Of the whole payment.</summary>
    public long AmountCents { get; init; }

    public string Currency { get; init; } = "";

    public string? SessionId { get; init; }

    public string? PaymentId { get; init; }

    public string? CustomerId { get; init; }

    public string? MethodId { get; init; }

    /// <summary>Paid back so far, all parts together; of one that failed, that part.</summary>
    public long RefundedCents { get; init; }

    public OrderDispute? Dispute { get; init; }

    /// <summary>Why it failed, in a word of the gateway's.</summary>
    public string? Reason { get; init; }
}

/// <summary>What events do to orders: facts that add up, so that the order of their coming makes no difference. Pure.</summary>
internal static class OrderFacts
{
    /// <summary>Why an event is not this order's; null when it is.</summary>
    public static string? Problem(Order order, PaymentEvent of)
    {
        if (!string.Equals(of.Gateway, order.Gateway, StringComparison.Ordinal))
        {
            return "another gateway";
        }

        if (of.IsLive != order.IsLive)
        {
            return "another mode, live or test";
        }

        if (of.SessionId is { } session && order.SessionId is { } known && !string.Equals(session, known, StringComparison.Ordinal))
        {
            return "another checkout session";
        }

        if (of.Kind is not (PaymentEventKind.Failed or PaymentEventKind.Expired)
            && of.PaymentId is { } payment && order.PaymentId is { } paid && !string.Equals(payment, paid, StringComparison.Ordinal))
        {
            return "another payment";
        }

        return of.Kind is PaymentEventKind.Failed or PaymentEventKind.Expired ? null
            : !string.Equals(of.Currency, order.Price.Currency, StringComparison.OrdinalIgnoreCase) ? "another currency"
            : of.Kind is not (PaymentEventKind.Disputed or PaymentEventKind.RefundFailed) && of.AmountCents != order.Price.AmountCents ? "another amount"
            : of.RefundedCents < 0 || of.RefundedCents > order.Price.AmountCents || of.Dispute?.Cents < 0 ? "an amount that cannot be"
            : null;
    }

    /// <summary>The order with the fact; the same instance when it was known.</summary>
    public static Order Apply(Order order, PaymentEvent of, DateTimeOffset now) => of.Kind switch
    {
        PaymentEventKind.Paid when order.PaidAt is null => order with
        {
            PaidAt = now,
            IsCounted = true,
            PaymentId = of.PaymentId ?? order.PaymentId,
            SessionId = order.SessionId ?? of.SessionId,
            CustomerId = of.CustomerId ?? order.CustomerId,
            MethodId = of.MethodId ?? order.MethodId,
        },
        PaymentEventKind.Expired when order.ExpiredAt is null && order.PaidAt is null => order with { ExpiredAt = now },
        PaymentEventKind.Failed when order.PaidAt is null => Failed(order, of, now),
        PaymentEventKind.Refunded when of.RefundedCents > order.RefundedCents => order with { RefundedCents = of.RefundedCents, PaymentId = order.PaymentId ?? of.PaymentId },
        PaymentEventKind.Disputed => Disputed(order, of),
        PaymentEventKind.RefundFailed => order.Noted(string.Create(CultureInfo.InvariantCulture, $"a refund of {of.RefundedCents / 100m:0.00} {order.Price.Currency} did not reach the payer ({of.Reason}): see the gateway")),
        _ => order,
    };

    // Who pays on a page may try again there; what was tried without the payer counts each time.
    private static Order Failed(Order order, PaymentEvent of, DateTimeOffset now)
    {
        if (order.IsOffSession)
        {
            return order.Declined.Contains(of.PaymentId!, StringComparer.Ordinal) ? order
                : order with
                {
                    FailedAt = now,
                    DeclinedAt = now,
                    TriedAt = null,
                    Declined = order.Declined.Add(of.PaymentId!),
                    Untold = order.Untold.Add(new UntoldDecline(order.Declined.Length + 1, of.Reason ?? "declined")),
                };
        }

        return of.SessionId is not null && order.FailedAt is null ? order with { FailedAt = now } : order;
    }

    // A dispute is decided once: what says that it was opened may come after what says that it was won.
    private static Order Disputed(Order order, PaymentEvent of)
    {
        var dispute = of.Dispute!;
        var known = order.Disputes.FirstOrDefault(other => string.Equals(other.Id, dispute.Id, StringComparison.Ordinal));
        return known switch
        {
            null => order with { Disputes = order.Disputes.Add(dispute), PaymentId = order.PaymentId ?? of.PaymentId },
            { IsWon: false } when dispute.IsWon => order with { Disputes = order.Disputes.Replace(known, dispute) },
            _ => order,
        };
    }
}
