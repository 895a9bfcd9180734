using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Payments;

/// <param name="PromoCode">A discount, or more credits; absent for none.</param>
public sealed record PurchaseBody(string? PackageId, int? Quantity, string? PromoCode);

/// <summary>Begins the purchase of a package: answers where to pay. With an <c>Idempotency-Key</c> the same request is the same order.</summary>
public sealed class CreditsPurchase(Purchases purchases)
{
    [Function("credits-purchase")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "credits/purchase")] HttpRequest http, CancellationToken cancellationToken)
    {
        var input = IdempotencyKeys.Problem(http) ?? await http.ReadJsonAsync<PurchaseBody>(Wire.Json, cancellationToken);
        if (!input.Succeeded)
        {
            return Problems.From(input.Refusal, http.HttpContext);
        }

        var (caller, body) = (http.Caller(), input.Value);
        var claim = await IdempotencyKeys.ReadAsync(http, caller, cancellationToken);
        return OrderAnswer.From(
            await purchases.BeginAsync(caller.AccountId, new PurchaseInput(body.PackageId, body.Quantity, body.PromoCode, caller.IsOwner), claim, OrderAnswer.Origin(http), cancellationToken), http);
    }
}

internal static class OrderAnswer
{
    public static IActionResult From(Answer<Order> order, HttpRequest http) => Answers.From(order, http, OrderOutput.Of, StatusCodes.Status201Created);

    /// <summary>The app's own address as its caller knows it.</summary>
    public static string Origin(HttpRequest http) => $"{http.Scheme}://{http.Host}";
}
