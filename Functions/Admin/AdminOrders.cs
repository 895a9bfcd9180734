using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Functions.Payments;
using ServerlessAi.Payments;
using ServerlessAi.Payments.Orders;

namespace ServerlessAi.Functions.Admin;

/// <param name="Next">Send it as <c>next</c> to get the next page; absent on the last one.</param>
public sealed record OrderCollection(IEnumerable<AdminOrderOutput> Orders, string? Next);

/// <summary>A user's or a team's orders, with what the gateway calls them and what was refused.</summary>
public sealed class AdminOrders(OrderStore orders)
{
    [Function("admin-orders")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "manage/orders")] HttpRequest http, CancellationToken cancellationToken)
    {
        var user = http.Query["userId"].ToString();
        var page = Caller.WalletProblem(user) ?? OrderPages.Read(http);
        return page.Succeeded
            ? Answers.From(await page.Value.OfAsync(orders, user, cancellationToken), http, found => new OrderCollection(found.Orders.Select(AdminOrderOutput.Of), OrderPages.TokenOf(found)))
            : Problems.From(page.Refusal, http.HttpContext);
    }
}

/// <param name="Amount">In the order's currency; absent pays back all that is left.</param>
public sealed record RefundBody(decimal? Amount);

/// <summary>Pays an order back, or a part of it.</summary>
public sealed class AdminOrderRefund(Refunds refunds)
{
    [Function("admin-order-refund")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "manage/orders/{userId}/{id}/refund")] HttpRequest http, string userId, string id, CancellationToken cancellationToken)
    {
        var input = Caller.WalletProblem(userId) ?? IdempotencyKeys.Problem(http) ?? await http.ReadJsonAsync<RefundBody>(Wire.Strict, cancellationToken);
        if (!input.Succeeded)
        {
            return Problems.From(input.Refusal, http.HttpContext);
        }

        var claim = await IdempotencyKeys.ReadAsync(http, http.Caller(), cancellationToken);
        return Answers.From(await refunds.RefundAsync(userId, id, input.Value.Amount, claim?.KeyHash, cancellationToken), http, AdminOrderOutput.Of);
    }
}
