using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments;

/// <param name="Url">Where the payer pays.</param>
public sealed record Checkout(string SessionId, string Url)
{
    /// <summary>The gateway does not know the order's customer any more, and the page is for a new one.</summary>
    public bool IsCustomerGone { get; init; }
}

/// <summary>Who pays, for payments without the payer.</summary>
public sealed record PaymentMethod(string CustomerId, string MethodId);

/// <summary>What a charge without the payer came to.</summary>
/// <param name="Event">Paid, or declined; null when nobody can say yet, and the same charge has to be asked for again.</param>
public sealed record ChargeOutcome(PaymentEvent? Event);

/// <summary>Who takes money. What it says of it later comes through <see cref="PaymentEvents"/>, whoever it is.</summary>
public interface IPaymentGateway
{
    /// <summary>Stands in orders.</summary>
    string Name { get; }

    bool IsLive { get; }

    /// <summary>Makes the page on which an order is paid. Repeating it makes the same one, or one whose predecessor nobody was told of.</summary>
    Task<Answer<Checkout>> StartAsync(Order order, CancellationToken cancellationToken);

    /// <summary>What the gateway knows of an order, when no event was heard; null while it is undecided.</summary>
    Task<Answer<PaymentEvent?>> LookUpAsync(Order order, CancellationToken cancellationToken);

    /// <summary>The method that a customer saved last; null when there is none.</summary>
    Task<Answer<PaymentMethod?>> FindMethodAsync(string customerId, CancellationToken cancellationToken);

    /// <summary>Charges an order without the payer. The same <paramref name="key"/> charges once.</summary>
    Task<ChargeOutcome> ChargeAsync(Order order, PaymentMethod method, string key, CancellationToken cancellationToken);

    /// <summary>Pays back.</summary>
    /// <param name="cents">Of this part.</param>
    /// <returns>Everything paid back so far.</returns>
    Task<Answer<PaymentEvent>> RefundAsync(Order order, long cents, string key, CancellationToken cancellationToken);
}
