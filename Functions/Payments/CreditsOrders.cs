using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Payments;

/// <param name="Next">Send it as <c>next</c> to get the next page; absent on the last one.</param>
public sealed record OrdersOutput(string UserId, IEnumerable<OrderOutput> Orders, string? Next);

/// <summary>One's orders, newest first: the billing history.</summary>
public sealed class CreditsOrders(OrderStore orders)
{
    [Function("credits-orders")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "credits/orders")] HttpRequest http, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var page = OrderPages.Read(http);
        return page.Succeeded
            ? Answers.From(
                await page.Value.OfAsync(orders, caller.AccountId, cancellationToken), http,
                found => new OrdersOutput(caller.UserId, found.Orders.Select(order => OrderOutput.Of(order, caller)), OrderPages.TokenOf(found)))
            : Problems.From(page.Refusal, http.HttpContext);
    }
}

/// <summary>Which page of orders a request asks for.</summary>
internal sealed partial record OrderPages(int Limit, string? After)
{
    private const int DefaultLimit = 50;

    public static Answer<OrderPages> Read(HttpRequest http)
    {
        var (limit, next) = (http.Query["limit"].ToString(), http.Query["next"].ToString());
        var count = limit.Length == 0 ? DefaultLimit : int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 0;
        return count is < 1 or > OrderStore.PageLimit || (next.Length > 0 && !Token().IsMatch(next))
            ? Refusal.Invalid($"'limit' must be 1 to {OrderStore.PageLimit}, 'next' as a page gave it.")
            : new OrderPages(count, next.Length > 0 ? next.Replace('.', '|') : null);
    }

    public static string? TokenOf(OrderPage page) => page.Next?.Replace('|', '.');

    public async Task<Answer<OrderPage>> OfAsync(OrderStore orders, string accountId, CancellationToken cancellationToken) => await orders.ReadPageAsync(accountId, After, Limit, cancellationToken);

    // The last row's place: inverted ticks, and an id.
    [GeneratedRegex(@"^[0-9]{19}\.[a-zA-Z0-9_-]{1,200}\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Token();
}
