using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;
using ServerlessAi.Payments.Stripe;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments;

/// <summary>The gateway of this installation, if it has one.</summary>
/// <param name="Gateway">Null: nothing can be bought.</param>
public sealed record ConfiguredGateway(IPaymentGateway? Gateway)
{
    public static Refusal Missing => new(RefusalCodes.PaymentsUnavailable, "Payments are not set up in this installation.");

    /// <summary>The gateway that took an order's money, in the same mode; null when it is another one by now.</summary>
    public IPaymentGateway? For(Order order) => Gateway is { } gateway && string.Equals(gateway.Name, order.Gateway, StringComparison.Ordinal) && gateway.IsLive == order.IsLive ? gateway : null;

    public bool IsSimulated => Gateway is SimulatedGateway;

    public StripeGateway? Stripe => Gateway as StripeGateway;
}

/// <summary>Writes orders down, and then asks for the page on which they are paid.</summary>
public sealed class Checkouts(ConfiguredGateway configured, OrderStore orders, Payers payers, Agenda agenda, Fulfilment fulfilment, IOptions<PaymentOptions> options, TimeProvider time)
{
    /// <summary>How long a page can be paid on, and a little more.</summary>
    private static readonly TimeSpan PageLife = TimeSpan.FromHours(24) + TimeSpan.FromMinutes(10);

    // Asked for again later than this, the gateway would have forgotten the first time, and make a second page.
    private static readonly TimeSpan AskingLife = TimeSpan.FromHours(23);

    public string Currency => options.Value.Currency;

    /// <summary>
    /// An order's id: its idempotency key's own, so that a repetition finds it, else a new one. Of each account another: whoever repeats a key when they have joined
    /// a team makes another order, which the gateway must not take for the first.
    /// </summary>
    public static string IdOf(string accountId, Claim? claim, IIdSource ids) => claim is null ? ids.NewOperationId() : Digest.Of("order", accountId, claim.KeyHash)[..32];

    /// <returns>The order that an idempotency key has made already; null when there is none.</returns>
    public async Task<Answer<Order>?> FindRepeatedAsync(string accountId, Claim? claim, IIdSource ids, CancellationToken cancellationToken)
    {
        if (claim is null || await orders.FindAsync(accountId, IdOf(accountId, claim, ids), cancellationToken) is not { } order)
        {
            return null;
        }

        return string.Equals(order.Fingerprint, claim.Fingerprint, StringComparison.Ordinal)
            ? await GoOnAsync(order, cancellationToken)
            : new Refusal(RefusalCodes.IdempotencyMismatch, "This key was used for another request. A new request needs a new key.");
    }

    /// <summary>Begins an order that its payer pays on a page. One that costs nothing is fulfilled at once.</summary>
    public async Task<Answer<Order>> BeginAsync(Order draft, string origin, CancellationToken cancellationToken)
    {
        if (configured.Gateway is not { } gateway)
        {
            return ConfiguredGateway.Missing;
        }

        var now = time.GetUtcNow();
        var payer = draft.SavesMethod ? await payers.ReadAsync(draft.AccountId, cancellationToken) : null;
        var order = draft with
        {
            Gateway = gateway.Name,
            IsLive = gateway.IsLive,
            CreatedAt = now,
            CheckAt = draft.Price.AmountCents == 0 ? now : now + PageLife,
            PaidAt = draft.Price.AmountCents == 0 ? now : null,
            // Frozen as all the rest: the same page can be asked for again only in the same words.
            PageOrigin = origin,
            PageCustomerId = string.Equals(payer?.Gateway, gateway.Name, StringComparison.Ordinal) ? payer?.CustomerId : null,
        };
        await agenda.AddAsync(TaskKind.Order, order.AccountId, order.Id, order.CheckAt, cancellationToken);
        return await GoOnAsync(await orders.AddAsync(order, cancellationToken), cancellationToken);
    }

    private async Task<Answer<Order>> GoOnAsync(Order order, CancellationToken cancellationToken)
    {
        if (order.PaidAt is not null)
        {
            return await fulfilment.SettleAsync(order, cancellationToken);
        }

        if (order.CheckoutUrl is not null || order.Status is not OrderStatus.Created || order.CreatedAt + AskingLife <= time.GetUtcNow())
        {
            return order;
        }

        if (configured.Gateway is not { } gateway || !string.Equals(gateway.Name, order.Gateway, StringComparison.Ordinal))
        {
            return ConfiguredGateway.Missing;
        }

        var started = await gateway.StartAsync(order, cancellationToken);
        if (!started.Succeeded)
        {
            return started.Refusal;
        }

        var page = started.Value;
        if (page.IsCustomerGone)
        {
            // Who pays this page is saved anew.
            await payers.ChangeAsync(order.AccountId, payer => IsSame(payer, order) ? payer with { CustomerId = null, Gateway = null } : payer, cancellationToken);
        }

        return await orders.ChangeAsync(
            order.AccountId,
            order.Id,
            known => known.CheckoutUrl is null ? known with { CheckoutUrl = page.Url, SessionId = page.SessionId, PageCustomerId = page.IsCustomerGone ? null : known.PageCustomerId } : known,
            cancellationToken);
    }

    private static bool IsSame(Payer payer, Order order) =>
        string.Equals(payer.CustomerId, order.PageCustomerId, StringComparison.Ordinal) && string.Equals(payer.Gateway, order.Gateway, StringComparison.Ordinal);
}
