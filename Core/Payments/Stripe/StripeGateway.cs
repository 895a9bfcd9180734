using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments.Stripe;

/// <summary>
/// Stripe's REST API: forms in, JSON out (docs.stripe.com/api). Pages are Checkout Sessions in the mode <c>payment</c>
/// (docs.stripe.com/api/checkout/sessions/create), charges without the payer are confirmed Payment Intents
/// (docs.stripe.com/payments/save-and-reuse, "Charge the saved payment method later"), and each request that makes something carries an
/// <c>Idempotency-Key</c> (docs.stripe.com/api/idempotent_requests): asked again within 24 hours it makes nothing else.
/// </summary>
public sealed partial class StripeGateway(IHttpClientFactory http, IOptions<PaymentOptions> options, ILogger<StripeGateway> logger) : IPaymentGateway
{
    public const string GatewayName = "stripe";
    public const string Client = "stripe";

    /// <summary>The version whose shapes are read here; an account's own default may be another.</summary>
    public const string ApiVersion = "2024-06-20";

    private const int PageAttempts = 3;
    private const int AnswerLimitBytes = 1024 * 1024;

    private PaymentOptions Options => options.Value;

    public string Name => GatewayName;

    public bool IsLive => Options.Stripe.IsLive;

    public async Task<Answer<Checkout>> StartAsync(Order order, CancellationToken cancellationToken)
    {
        var reply = await MakePageAsync(order, order.PageCustomerId, order.Id, cancellationToken);
        var isGone = order.PageCustomerId is not null && reply is not null && IsCustomerUnknown(reply);
        reply = isGone ? await MakePageAsync(order, customerId: null, $"{order.Id}-anew", cancellationToken) : reply;
        return reply is { Status: HttpStatusCode.OK } && StripeEvents.Text(reply.Body, "id") is { } id && StripeEvents.Text(reply.Body, "url") is { } url
            ? new Checkout(id, url) { IsCustomerGone = isGone }
            : Failed(reply, "The payment page could not be made.");
    }

    private async Task<Reply?> MakePageAsync(Order order, string? customerId, string key, CancellationToken cancellationToken)
    {
        var origin = order.PageOrigin ?? "";
        var form = StripeForms.Session(order, customerId, Address(Options.SuccessUrl, origin, order, "paid"), Address(Options.CancelUrl, origin, order, "cancelled"));
        for (var attempt = 1; ; attempt++)
        {
            var reply = await SendAsync(HttpMethod.Post, "v1/checkout/sessions", form, attempt == 1 ? key : $"{key}-{attempt}", cancellationToken);
            // Whatever page a key that is used up stands for, its address was told to nobody: another one can take its place.
            if (reply is null || !IsUsedUp(reply) || attempt == PageAttempts)
            {
                return reply;
            }
        }
    }

    // Deleted there, or of the other mode or account, whose key was here before (docs.stripe.com/error-codes, resource_missing).
    private static bool IsCustomerUnknown(Reply reply) => reply.Status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound
        && StripeEvents.Child(reply.Body, "error") is { } error
        && string.Equals(StripeEvents.Text(error, "code"), "resource_missing", StringComparison.Ordinal) && string.Equals(StripeEvents.Text(error, "param"), "customer", StringComparison.Ordinal);

    // For a day a key answers what it answered first, errors included; and it is good for one form, which a deployment may have changed.
    private static bool IsUsedUp(Reply reply) => (reply.IsReplay && reply.Status >= HttpStatusCode.InternalServerError)
        || (StripeEvents.Child(reply.Body, "error") is { } error && string.Equals(StripeEvents.Text(error, "type"), "idempotency_error", StringComparison.Ordinal) && reply.Status == HttpStatusCode.BadRequest);

    public async Task<Answer<PaymentEvent?>> LookUpAsync(Order order, CancellationToken cancellationToken)
    {
        if (order.SessionId is not { } session)
        {
            return (PaymentEvent?)null;
        }

        var reply = await SendAsync(HttpMethod.Get, "v1/checkout/sessions/" + Uri.EscapeDataString(session), form: null, key: null, cancellationToken);
        return reply is { Status: HttpStatusCode.OK }
            ? StripeEvents.Session("lookup", StripeEvents.IsTrue(reply.Body, "livemode"), reply.Body)
            : Failed(reply, "The payment could not be looked up.");
    }

    public async Task<Answer<PaymentMethod?>> FindMethodAsync(string customerId, CancellationToken cancellationToken)
    {
        var reply = await SendAsync(HttpMethod.Get, $"v1/customers/{Uri.EscapeDataString(customerId)}/payment_methods?limit=1", form: null, key: null, cancellationToken);
        if (reply is { Status: HttpStatusCode.NotFound })
        {
            return (PaymentMethod?)null;
        }

        if (reply is not { Status: HttpStatusCode.OK } || !reply.Body.TryGetProperty("data", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            return Failed(reply, "The saved payment method could not be read.");
        }

        return list.GetArrayLength() > 0 && StripeEvents.Text(list[0], "id") is { } method ? new PaymentMethod(customerId, method) : (PaymentMethod?)null;
    }

    public async Task<ChargeOutcome> ChargeAsync(Order order, PaymentMethod method, string key, CancellationToken cancellationToken)
    {
        var reply = await SendAsync(HttpMethod.Post, "v1/payment_intents", StripeForms.Intent(order, method), key, cancellationToken);
        if (reply is { Status: HttpStatusCode.OK })
        {
            return new ChargeOutcome(StripeEvents.Intent("charge", StripeEvents.IsTrue(reply.Body, "livemode"), reply.Body));
        }

        // Only these are answers: 409, 429 and 5xx, and a key that was used for another form, say nothing of what became of the payment.
        if (reply is null || StripeEvents.Child(reply.Body, "error") is not { } error || !IsRefusal(reply.Status, StripeEvents.Text(error, "type")))
        {
            LogFailed(logger, "payment_intents", (int?)reply?.Status);
            return new ChargeOutcome(Event: null);
        }

        return new ChargeOutcome(new PaymentEvent("charge", PaymentEventKind.Failed, GatewayName, order.AccountId, order.Id)
        {
            IsLive = IsLive,
            PaymentId = (StripeEvents.Child(error, "payment_intent") is { } intent ? StripeEvents.Text(intent, "id") : null) ?? key,
            Reason = StripeEvents.Text(error, "decline_code") ?? StripeEvents.Text(error, "code"),
        });
    }

    // The bank's no, or a request that cannot be carried out, such as a card that was removed (docs.stripe.com/api/errors).
    private static bool IsRefusal(HttpStatusCode status, string? type) => status == HttpStatusCode.PaymentRequired
        || (status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound && string.Equals(type, "invalid_request_error", StringComparison.Ordinal));

    public async Task<Answer<PaymentEvent>> RefundAsync(Order order, long cents, string key, CancellationToken cancellationToken)
    {
        var form = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["payment_intent"] = order.PaymentId ?? "",
            ["amount"] = cents.ToString(CultureInfo.InvariantCulture),
            ["expand[]"] = "charge",
        };
        var reply = await SendAsync(HttpMethod.Post, "v1/refunds", form, key, cancellationToken);
        if (reply is { Status: HttpStatusCode.OK } && StripeEvents.Child(reply.Body, "charge") is { } charge)
        {
            return StripeEvents.Charge("refund", IsLive, charge) with { AccountId = order.AccountId, OrderId = order.Id };
        }

        // More than is left: an earlier try arrived, and its key is forgotten by now, or somebody paid back at Stripe itself.
        return reply is { Status: HttpStatusCode.BadRequest } && await FindRefundedAsync(order, cancellationToken) is { } known && known.RefundedCents > order.RefundedCents
            ? known
            : Failed(reply, "The payment could not be paid back.");
    }

    /// <summary>What was paid back so far, from the payment's charge (docs.stripe.com/api/payment_intents/object, <c>latest_charge</c>); null when Stripe does not say.</summary>
    private async Task<PaymentEvent?> FindRefundedAsync(Order order, CancellationToken cancellationToken)
    {
        var path = $"v1/payment_intents/{Uri.EscapeDataString(order.PaymentId ?? "")}?expand[]=latest_charge";
        var reply = await SendAsync(HttpMethod.Get, path, form: null, key: null, cancellationToken);
        return reply is { Status: HttpStatusCode.OK } && StripeEvents.Child(reply.Body, "latest_charge") is { } charge
            ? StripeEvents.Charge("lookup", IsLive, charge) with { AccountId = order.AccountId, OrderId = order.Id }
            : null;
    }

    /// <summary>The order of a payment, for events that do not name it.</summary>
    /// <returns>The event with its order; null when the payment is none of ours.</returns>
    public async Task<Answer<PaymentEvent?>> ResolveAsync(StripeNotice notice, CancellationToken cancellationToken)
    {
        if (notice.PaymentId is not { } payment || notice.Event is null)
        {
            return notice.Event;
        }

        var reply = await SendAsync(HttpMethod.Get, "v1/payment_intents/" + Uri.EscapeDataString(payment), form: null, key: null, cancellationToken);
        return reply switch
        {
            { Status: HttpStatusCode.OK } => StripeEvents.Order(reply.Body) is var (account, order) ? notice.Event with { AccountId = account, OrderId = order } : (PaymentEvent?)null,
            { Status: HttpStatusCode.NotFound } => (PaymentEvent?)null,
            _ => Refusal.StorageUnavailable() with { Detail = "The payment's order could not be looked up. Send the event again." },
        };
    }

    /// <param name="IsReplay">It is what was answered to the same idempotency key before.</param>
    private sealed record Reply(HttpStatusCode Status, JsonElement Body, bool IsReplay);

    /// <returns>Null when there was no answer, or none that can be read.</returns>
    private async Task<Reply?> SendAsync(HttpMethod method, string path, Dictionary<string, string>? form, string? key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(new Uri(Options.Stripe.BaseUrl.TrimEnd('/') + "/"), path));
        request.Headers.Authorization = new("Bearer", Options.Stripe.SecretKey);
        request.Headers.Add("Stripe-Version", ApiVersion);
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        if (form is not null)
        {
            request.Content = new FormUrlEncodedContent(form);
        }

        using var client = http.CreateClient(Client);
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            var isReplay = response.Headers.TryGetValues("Idempotent-Replayed", out var values) && values.Contains("true", StringComparer.OrdinalIgnoreCase);
            return new Reply(response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)).RootElement, isReplay);
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogUnreachable(logger, exception.GetType().Name);
            return null;
        }
    }

    private Refusal Failed(Reply? reply, string detail)
    {
        LogFailed(logger, detail, (int?)reply?.Status);
        return new Refusal(RefusalCodes.PaymentFailed, detail, TimeSpan.FromSeconds(5));
    }

    private static string Address(string? configured, string origin, Order order, string outcome) =>
        (configured ?? $"{origin}/?{outcome}={{order}}").Replace("{order}", Uri.EscapeDataString(order.Id), StringComparison.Ordinal);

    internal static void Configure(HttpClient client, StripeOptions options)
    {
        client.Timeout = TimeSpan.FromMilliseconds(options.TimeoutMs);
        client.MaxResponseContentBufferSize = AnswerLimitBytes;
    }

    [LoggerMessage(LogLevel.Warning, "Stripe did not answer: {Kind}.")]
    private static partial void LogUnreachable(ILogger logger, string kind);

    [LoggerMessage(LogLevel.Warning, "Stripe answered {Status} to what was asked: {What}")]
    private static partial void LogFailed(ILogger logger, string what, int? status);
}
