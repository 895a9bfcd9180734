namespace ServerlessAi.Accounts;

/// <summary>An order was fulfilled, whether somebody paid it on a page or the app bought by itself. The words of its fields are the <c>data</c> of webhooks.</summary>
/// <param name="Credits">That it granted; 0 for a plan that brings none.</param>
/// <param name="Amount">That was paid, in <paramref name="Currency"/>.</param>
public sealed record PurchaseNews(string OrderId, string Title, decimal Credits, decimal Amount, string Currency)
{
    /// <summary>The kind as receivers see it.</summary>
    public const string Kind = "purchase";
}

/// <summary>A charge without the payer was declined: of a renewal, or of a top-up. The words of its fields are the <c>data</c> of webhooks.</summary>
/// <param name="OrderKind"><c>renewal</c> or <c>topUp</c>.</param>
/// <param name="Try">1, 2, ...: which try of the order it was.</param>
/// <param name="Amount">That was to be paid, in <paramref name="Currency"/>.</param>
/// <param name="Reason">The gateway's word, such as <c>insufficient_funds</c>, or <c>no_payment_method</c>, <c>no_gateway</c>, <c>unknown</c>: it may have been paid, and is not tried again.</param>
public sealed record PaymentFailedNews(string OrderId, string OrderKind, string Title, int Try, decimal Amount, string Currency, string Reason)
{
    /// <summary>The kind as receivers see it.</summary>
    public const string Kind = "payment_failed";
}

/// <summary>Credits came from somebody else, who cannot write anything with them: it would make the app a sender of anybody's words.</summary>
/// <param name="From">The account that gave them; null when it was deleted before this was told.</param>
public sealed record GiftNews(string GiftId, string? From, decimal Credits)
{
    /// <summary>The kind as receivers see it.</summary>
    public const string Kind = "gift";
}
