using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;

namespace ServerlessAi.Payments;

/// <summary>Charges orders without the payer: renewals and top-ups. A try has one idempotency key at the gateway until it is known what it came to.</summary>
public sealed partial class Charges(ConfiguredGateway configured, OrderStore orders, Payers payers, Wishes wishes, Agenda agenda, PaymentEvents events, Fulfilment fulfilment,
    IOptions<PaymentOptions> options, TimeProvider time, ILogger<Charges> logger)
{
    // The gateway forgets a key after a day; asked again then, it would charge a second time.
    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(23);
    private static readonly TimeSpan LookAfter = TimeSpan.FromMinutes(2);

    private const string Unknown = "unknown";

    public string Currency => options.Value.Currency;

    /// <summary>Charges an order that is not paid, and does for one that is whatever is left to do.</summary>
    public async Task<Order> SettleAsync(Order order, CancellationToken cancellationToken)
    {
        if (order.PaidAt is null)
        {
            return await ChargeAsync(order, cancellationToken);
        }

        var settled = await fulfilment.SettleAsync(order, cancellationToken);
        return settled.Succeeded ? settled.Value : order;
    }

    /// <summary>Begins an order; one that is there already goes on.</summary>
    public async Task<Order> BeginAsync(Order draft, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var gateway = configured.Gateway;
        var order = draft with
        {
            Gateway = gateway?.Name ?? "none",
            IsLive = gateway?.IsLive ?? false,
            CreatedAt = now,
            IsOffSession = true,
            CheckAt = now + LookAfter,
            PaidAt = draft.Price.AmountCents == 0 ? now : null,
        };
        await agenda.AddAsync(TaskKind.Order, order.AccountId, order.Id, order.CheckAt, cancellationToken);
        return await orders.AddAsync(order, cancellationToken);
    }

    /// <summary>Whether nobody knows what became of a try: it may have been paid, and another might be paid twice.</summary>
    public static bool IsInDoubt(Order order) => order.PaidAt is null && order.Declined.Any(name => name.StartsWith(Unknown + "-", StringComparison.Ordinal));

    /// <summary>Begins another try of one that was declined, or not wanted for a while. One that has been tried since it was read stays.</summary>
    public async Task<Order> TryAgainAsync(Order order, CancellationToken cancellationToken)
    {
        await agenda.AddAsync(TaskKind.Order, order.AccountId, order.Id, dueAt: null, cancellationToken);
        return await orders.ChangeAsync(order.AccountId, order.Id, now => now.Status is OrderStatus.Failed or OrderStatus.Expired && now.Declined.Length == order.Declined.Length ? now with { FailedAt = null, ExpiredAt = null, MethodId = null, CustomerId = null } : now, cancellationToken);
    }

    /// <summary>Charges an order that is neither paid nor declined. Until its charge is asked for, its owner may want it no more, or something else.</summary>
    /// <returns>The order after it; as it was when nobody can say yet.</returns>
    public async Task<Order> ChargeAsync(Order order, CancellationToken cancellationToken)
    {
        if (!IsOpen(order))
        {
            return order;
        }

        if (order.TriedAt is { } tried && tried + KeyLife <= time.GetUtcNow())
        {
            LogUnknown(logger, order.Id);
            var given = await DeclineAsync(order, Unknown, cancellationToken);
            return await orders.ChangeAsync(given.AccountId, given.Id, now => now.Noted("what became of a charge is unknown: look at the gateway"), cancellationToken);
        }

        var wanted = order.MethodId is null ? await wishes.FindAsync(order, cancellationToken) : order;
        if (wanted is null)
        {
            return await orders.ChangeAsync(order.AccountId, order.Id, now => IsOpen(now) && now.MethodId is null ? (now with { ExpiredAt = time.GetUtcNow() }).Noted("not charged: not wanted any more") : now, cancellationToken);
        }

        if ((order.MethodId is null ? configured.Gateway : configured.For(order)) is not { } gateway)
        {
            // What was asked for may have been paid: it is asked again when the gateway is there again, or given up in time.
            return order.TriedAt is null ? await DeclineAsync(order, "no_gateway", cancellationToken) : order;
        }

        order = order.MethodId is null ? await FreezeAsync(order, wanted, gateway, cancellationToken) : order;
        if (!IsOpen(order) || order.MethodId is null)
        {
            // There is no method, or another instance has tried meanwhile, and knows.
            return order;
        }

        var outcome = await gateway.ChargeAsync(order, new PaymentMethod(order.CustomerId!, order.MethodId!), $"{order.Id}-{order.Declined.Length + 1}", cancellationToken);
        if (outcome.Event is not { } happened)
        {
            return order;
        }

        var handled = await events.HandleAsync(happened, cancellationToken);
        return handled is { Succeeded: true, Value.Order: { } settled } ? settled : order;
    }

    private static bool IsOpen(Order order) => order is { PaidAt: null, FailedAt: null, ExpiredAt: null, IsOffSession: true };

    /// <summary>Writes down who is to be charged for what, before it is asked for: a repetition of the same key must be the same request.</summary>
    private async Task<Order> FreezeAsync(Order order, Order wanted, IPaymentGateway gateway, CancellationToken cancellationToken)
    {
        var payer = await payers.ReadAsync(order.AccountId, cancellationToken);
        if (payer.CustomerId is not { } customer || !string.Equals(payer.Gateway, gateway.Name, StringComparison.Ordinal))
        {
            return await DeclineAsync(order, "no_payment_method", cancellationToken);
        }

        var method = await gateway.FindMethodAsync(customer, cancellationToken);
        if (!method.Succeeded && method.Refusal is not null)
        {
            return order;
        }

        if (method.Value is not { } found)
        {
            return await DeclineAsync(order, "no_payment_method", cancellationToken);
        }

        return await orders.ChangeAsync(
            order.AccountId,
            order.Id,
            now => IsOpen(now) && now.MethodId is null && now.Declined.Length == order.Declined.Length
                ? now with
                {
                    Title = wanted.Title,
                    Price = wanted.Price,
                    Terms = wanted.Terms,
                    Basis = wanted.Basis,
                    CreditsMicro = wanted.CreditsMicro,
                    Gateway = gateway.Name,
                    IsLive = gateway.IsLive,
                    CustomerId = found.CustomerId,
                    MethodId = found.MethodId,
                    TriedAt = time.GetUtcNow(),
                }
                : now,
            cancellationToken);
    }

    private async Task<Order> DeclineAsync(Order order, string reason, CancellationToken cancellationToken)
    {
        var declined = new PaymentEvent("own", PaymentEventKind.Failed, order.Gateway, order.AccountId, order.Id) { IsLive = order.IsLive, PaymentId = $"{reason}-{order.Declined.Length + 1}", Reason = reason };
        var handled = await events.HandleAsync(declined, cancellationToken);
        return handled is { Succeeded: true, Value.Order: { } settled } ? settled : order;
    }

    [LoggerMessage(LogLevel.Error, "What became of the charge of order {OrderId} is unknown after a day; it is not asked for again.")]
    private static partial void LogUnknown(ILogger logger, string orderId);
}
