using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>Speaks the part of Stripe's API that payments use: forms in, JSON out. Scripts are by path.</summary>
public sealed class StripeStandIn : VendorStandIn
{
    public const string SecretKey = "sk_test_standin";
    public const string WebhookSecret = "whsec_test_secret";

    private readonly StripeBooks books = new(TimeProvider.System);

    /// <inheritdoc cref="StripeBooks.DeclinesSavedCards"/>
    public bool DeclinesSavedCards
    {
        get => books.DeclinesSavedCards;
        set => books.DeclinesSavedCards = value;
    }

    /// <inheritdoc cref="StripeBooks.Objects"/>
    public IReadOnlyDictionary<string, JsonObject> Objects => books.Objects;

    /// <inheritdoc cref="StripeBooks.ChargedCents"/>
    public long ChargedCents => books.ChargedCents;

    protected override Behaviour Unauthorized => Error(401, "invalid_request_error", code: null, "Invalid API Key provided: sk_test_****");

    public static Task<StripeStandIn> StartAsync() => StartAsync(new StripeStandIn());

    public static Behaviour Error(int status, string type, string? code, string message) => Json(status, new { error = new { type, code, message } });

    /// <inheritdoc cref="StripeBooks.Forget"/>
    public void Forget(string customerId) => books.Forget(customerId);

    /// <inheritdoc cref="StripeBooks.Pay"/>
    public JsonObject Pay(string sessionId) => books.Pay(sessionId);

    protected override string? ModelOf(ReceivedRequest request) => request.Path;

    protected override bool IsAuthorized(ReceivedRequest request) => string.Equals(request.Headers.GetValueOrDefault("Authorization"), "Bearer " + SecretKey, StringComparison.Ordinal);

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request)
    {
        var (status, body) = books.Answer(request.Method, request.Path, request.Body, request.Headers.GetValueOrDefault("Idempotency-Key"));
        return Json(status, body).Run(context, () => Task.CompletedTask);
    }
}
