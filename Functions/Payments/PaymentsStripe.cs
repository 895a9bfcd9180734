using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments;
using ServerlessAi.Payments.Stripe;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Payments;

/// <param name="Problem">Why the event does not count; absent when it does, or concerns nothing here.</param>
public sealed record WebhookOutput(bool Received, string? Problem);

/// <summary>
/// Stripe's events. What Stripe did not sign is 400. What it signed and is not ours, or says something else than the order, is refused with 200, because
/// sending it again would change nothing. 503 asks Stripe to send it again, which it does for days (docs.stripe.com/webhooks, "Retry behavior").
/// </summary>
public sealed class PaymentsStripe(StripeSignature signature, ConfiguredGateway configured, PaymentEvents events)
{
    private const int LimitBytes = 256 * 1024;

    [Function("payments-stripe")]
    [Allow(Role.Guest, IsPublic = true, BodyLimitBytes = LimitBytes)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "payments/stripe")] HttpRequest http, CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadAsync(http, cancellationToken);
        if (!body.Succeeded)
        {
            return Problems.From(body.Refusal, http.HttpContext);
        }

        if (!signature.Verifies(http.Headers[StripeSignature.Header].ToString(), body.Value.Span))
        {
            return Problems.From(Refusal.Invalid("The signature does not verify."), http.HttpContext);
        }

        if (Read(body.Value) is not { } notice)
        {
            return Problems.From(Refusal.Invalid("The body is no JSON."), http.HttpContext);
        }

        if (notice.Event is null)
        {
            return Answers.Json(new WebhookOutput(Received: true, Problem: null));
        }

        if (configured.Stripe is not { } stripe)
        {
            // Stripe sends it again for days: until then the key may be back.
            return Problems.From(new Refusal(RefusalCodes.PaymentsUnavailable, "Stripe is not configured here."), http.HttpContext);
        }

        var named = await stripe.ResolveAsync(notice, cancellationToken);
        if (named.Refusal is not null)
        {
            return Problems.From(named.Refusal, http.HttpContext);
        }

        return named.Value is null
            ? Answers.Json(new WebhookOutput(Received: true, Problem: null))
            : Answers.From(await events.HandleAsync(named.Value, cancellationToken), http, outcome => new WebhookOutput(Received: true, outcome.Problem));
    }

    private static StripeNotice? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return StripeEvents.Read(document.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
