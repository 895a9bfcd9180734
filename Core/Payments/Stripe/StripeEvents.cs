using System.Text.Json;
using ServerlessAi.Payments.Orders;

namespace ServerlessAi.Payments.Stripe;

/// <summary>A webhook's event as far as it can be read by itself.</summary>
/// <param name="Event">Null: nothing that concerns orders.</param>
/// <param name="PaymentId">The payment whose order has to be looked up, because the event does not name it.</param>
public sealed record StripeNotice(PaymentEvent? Event, string? PaymentId = null);

/// <summary>
/// Reads Stripe's objects: events (docs.stripe.com/api/events/types), checkout sessions, payment intents, charges, disputes, refunds. Which order they are of says
/// their <c>metadata</c>, which we set on the session and its payment intent, and which Stripe copies from there to the charge.
/// </summary>
internal static class StripeEvents
{
    public const string OrderField = "order_id";
    public const string AccountField = "account_id";

    public static StripeNotice Read(JsonElement body)
    {
        if (Text(body, "type") is not { } type || Child(body, "data") is not { } data || Child(data, "object") is not { } of)
        {
            return new StripeNotice(Event: null);
        }

        var id = Text(body, "id") ?? "";
        var isLive = IsTrue(body, "livemode");
        return type switch
        {
            "checkout.session.completed" or "checkout.session.async_payment_succeeded" or "checkout.session.async_payment_failed" or "checkout.session.expired" =>
                new StripeNotice(Session(id, isLive, of, type)),
            "payment_intent.succeeded" or "payment_intent.payment_failed" => new StripeNotice(Intent(id, isLive, of)),
            "charge.refunded" => Named(Charge(id, isLive, of), of),
            // An inquiry that becomes a dispute is told of by the second and the third alone (docs.stripe.com/disputes/how-disputes-work).
            "charge.dispute.created" or "charge.dispute.updated" or "charge.dispute.funds_withdrawn" or "charge.dispute.closed" => Named(Dispute(id, isLive, of), of),
            "refund.failed" or "charge.refund.updated" => Named(FailedRefund(id, isLive, of), of),
            _ => new StripeNotice(Event: null),
        };
    }

    /// <summary>A checkout session: paid only when it says so itself, because a completed one may still wait for the bank.</summary>
    /// <param name="type">The event's; null reads the session's own status.</param>
    public static PaymentEvent? Session(string id, bool isLive, JsonElement session, string? type = null)
    {
        PaymentEventKind? kind = (type, Text(session, "status"), Text(session, "payment_status")) switch
        {
            ("checkout.session.expired", _, _) or (null, "expired", _) => PaymentEventKind.Expired,
            ("checkout.session.async_payment_failed", _, _) => PaymentEventKind.Failed,
            (_, _, "paid") => PaymentEventKind.Paid,
            _ => null,
        };
        var order = Order(session);
        if (kind is not { } known || order is null || !string.Equals(Text(session, "client_reference_id"), order.Value.Order, StringComparison.Ordinal))
        {
            return null;
        }

        return Make(id, known, isLive, order.Value) with
        {
            AmountCents = Number(session, "amount_total"),
            Currency = Text(session, "currency") ?? "",
            SessionId = Text(session, "id"),
            PaymentId = Text(session, "payment_intent"),
            CustomerId = Text(session, "customer"),
        };
    }

    /// <summary>A payment intent that succeeded or failed; null while it does neither.</summary>
    public static PaymentEvent? Intent(string id, bool isLive, JsonElement intent)
    {
        PaymentEventKind? kind = Text(intent, "status") switch
        {
            "succeeded" => PaymentEventKind.Paid,
            "requires_payment_method" or "requires_action" or "canceled" => PaymentEventKind.Failed,
            _ => null,
        };
        return kind is not { } known || Order(intent) is not { } order ? null : Make(id, known, isLive, order) with
        {
            AmountCents = intent.TryGetProperty("amount_received", out _) && known == PaymentEventKind.Paid ? Number(intent, "amount_received") : Number(intent, "amount"),
            Currency = Text(intent, "currency") ?? "",
            PaymentId = Text(intent, "id"),
            CustomerId = Text(intent, "customer"),
            MethodId = Text(intent, "payment_method"),
            Reason = Child(intent, "last_payment_error") is { } error ? Text(error, "decline_code") ?? Text(error, "code") : null,
        };
    }

    /// <summary>Whose order an object's metadata names; null when it is none of ours.</summary>
    public static (string Account, string Order)? Order(JsonElement of) =>
        Child(of, "metadata") is { } metadata && Text(metadata, OrderField) is { Length: > 0 } order && Text(metadata, AccountField) is { Length: > 0 } account ? (account, order) : null;

    public static PaymentEvent Charge(string id, bool isLive, JsonElement charge) => Make(id, PaymentEventKind.Refunded, isLive, Order(charge) ?? default) with
    {
        AmountCents = Number(charge, "amount"),
        Currency = Text(charge, "currency") ?? "",
        PaymentId = Text(charge, "payment_intent"),
        RefundedCents = Number(charge, "amount_refunded"),
    };

    // Disputes that were inquiries first ("warning_…") have moved no money.
    private static PaymentEvent? Dispute(string id, bool isLive, JsonElement dispute) => Text(dispute, "status") switch
    {
        { } status when status.StartsWith("warning_", StringComparison.Ordinal) => null,
        var status => Make(id, PaymentEventKind.Disputed, isLive, Order(dispute) ?? default) with
        {
            AmountCents = Number(dispute, "amount"),
            Currency = Text(dispute, "currency") ?? "",
            PaymentId = Text(dispute, "payment_intent"),
            Dispute = new OrderDispute(Text(dispute, "id") ?? "", Number(dispute, "amount"), string.Equals(status, "won", StringComparison.Ordinal)),
        },
    };

    // docs.stripe.com/refunds: days later, and both events tell of it.
    private static PaymentEvent? FailedRefund(string id, bool isLive, JsonElement refund) => Text(refund, "status") is not "failed" ? null : Make(id, PaymentEventKind.RefundFailed, isLive, Order(refund) ?? default) with
    {
        RefundedCents = Number(refund, "amount"),
        Currency = Text(refund, "currency") ?? "",
        PaymentId = Text(refund, "payment_intent"),
        Reason = Text(refund, "failure_reason") ?? "unknown",
    };

    private static StripeNotice Named(PaymentEvent? happened, JsonElement of) => happened is null ? new StripeNotice(Event: null)
        : Order(of) is not null ? new StripeNotice(happened)
        : new StripeNotice(happened.PaymentId is null ? null : happened, happened.PaymentId);

    private static PaymentEvent Make(string id, PaymentEventKind kind, bool isLive, (string Account, string Order) order) =>
        new(id, kind, StripeGateway.GatewayName, order.Account ?? "", order.Order ?? "") { IsLive = isLive };

    public static string? Text(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static JsonElement? Child(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static long Number(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : -1;

    public static bool IsTrue(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
