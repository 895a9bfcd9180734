using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments;

/// <summary>Takes no money: a page of the app itself, on a developer's machine, on which orders are paid by a click. Payments without the payer always succeed.</summary>
public sealed class SimulatedGateway : IPaymentGateway
{
    public const string GatewayName = "simulated";

    public string Name => GatewayName;

    public bool IsLive => false;

    public Task<Answer<Checkout>> StartAsync(Order order, CancellationToken cancellationToken) =>
        Task.FromResult<Answer<Checkout>>(new Checkout("sim_" + order.Id, $"{order.PageOrigin}/api/pay/{Uri.EscapeDataString(order.Id)}?account={Uri.EscapeDataString(order.AccountId)}"));

    // Its events are heard in the same process: there is none to be late.
    public Task<Answer<PaymentEvent?>> LookUpAsync(Order order, CancellationToken cancellationToken) =>
        Task.FromResult<Answer<PaymentEvent?>>(Of(order, PaymentEventKind.Expired));

    public Task<Answer<PaymentMethod?>> FindMethodAsync(string customerId, CancellationToken cancellationToken) =>
        Task.FromResult<Answer<PaymentMethod?>>(new PaymentMethod(customerId, "sim_card"));

    public Task<ChargeOutcome> ChargeAsync(Order order, PaymentMethod method, string key, CancellationToken cancellationToken) =>
        Task.FromResult(new ChargeOutcome(Paid(order) with { CustomerId = method.CustomerId }));

    public Task<Answer<PaymentEvent>> RefundAsync(Order order, long cents, string key, CancellationToken cancellationToken) =>
        Task.FromResult<Answer<PaymentEvent>>(Of(order, PaymentEventKind.Refunded) with { RefundedCents = order.RefundedCents + cents });

    /// <summary>What a click on the page says.</summary>
    public static PaymentEvent Paid(Order order) => Of(order, PaymentEventKind.Paid);

    public static PaymentEvent Declined(Order order) => Of(order, PaymentEventKind.Failed);

    private static PaymentEvent Of(Order order, PaymentEventKind kind) => new($"sim_{kind}_{order.Id}", kind, GatewayName, order.AccountId, order.Id)
    {
        AmountCents = order.Price.AmountCents,
        Currency = order.Price.Currency,
        PaymentId = "sim_pay_" + order.Id,
        CustomerId = order.SavesMethod ? "sim_customer" : null,
    };
}
