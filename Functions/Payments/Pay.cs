using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Payments;

/// <summary>The page of the simulated gateway, on a developer's machine: pay or decline. Elsewhere there is no such page. What a click says goes the way of a webhook.</summary>
public sealed class Pay(ConfiguredGateway configured, OrderStore orders, PaymentEvents events)
{
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    [Function("pay")]
    [Allow(Role.Guest, IsPublic = true)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "pay/{id}")] HttpRequest http, string id, CancellationToken cancellationToken)
    {
        var order = configured.IsSimulated ? await orders.FindAsync(http.Query["account"].ToString(), id, cancellationToken) : null;
        if (order is not { Gateway: SimulatedGateway.GatewayName })
        {
            return Problems.From(Refusal.NotFound("There is no such page."), http.HttpContext);
        }

        if (HttpMethods.IsGet(http.Method))
        {
            return Page(http, order);
        }

        var isPaid = string.Equals(http.Query["decision"].ToString(), "pay", StringComparison.Ordinal);
        var handled = await events.HandleAsync(isPaid ? SimulatedGateway.Paid(order) : SimulatedGateway.Declined(order), cancellationToken);
        return !handled.Succeeded ? Problems.From(handled.Refusal, http.HttpContext)
            : http.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal) ? Page(http, handled.Value.Order!)
            : Answers.Json(OrderOutput.Of(handled.Value.Order!));
    }

    private static ContentResult Page(HttpRequest http, Order order)
    {
        http.HttpContext.Response.Headers.ContentSecurityPolicy = Policy;
        http.HttpContext.Response.Headers.CacheControl = "no-store";
        http.HttpContext.Response.Headers.XContentTypeOptions = "nosniff";
        var address = WebUtility.HtmlEncode($"{http.Path}?account={Uri.EscapeDataString(order.AccountId)}&decision=");
        var buttons = order.PaidAt is null
            ? $"<form method=\"post\" action=\"{address}pay\"><button>Pay</button></form><form method=\"post\" action=\"{address}decline\"><button>Decline</button></form>"
            : "";
        var amount = (order.Price.AmountCents / 100m).ToString("0.00", CultureInfo.InvariantCulture);
        return new ContentResult
        {
            ContentType = "text/html; charset=utf-8",
            StatusCode = StatusCodes.Status200OK,
            Content = $"""
                <!doctype html><html lang="en"><meta charset="utf-8"><title>Simulated payment</title>
                <style>body {"{"} font: 1rem system-ui; max-width: 28rem; margin: 4rem auto; {"}"} button {"{"} font: inherit; margin-top: 1rem; padding: .5rem 2rem; {"}"}</style>
                <h1>Simulated payment</h1><p>{WebUtility.HtmlEncode(order.Title)}: {amount} {WebUtility.HtmlEncode(order.Price.Currency.ToUpperInvariant())}</p>
                <p>Order {WebUtility.HtmlEncode(order.Id)} is <strong>{order.Status}</strong>. No money moves.</p>{buttons}</html>
                """,
        };
    }
}
