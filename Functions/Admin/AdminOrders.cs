using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Functions.Payments;
using ServerlessAi.Payments;
using ServerlessAi.Payments.Orders;

namespace ServerlessAi.Functions.Admin;

public sealed record OrderCollection(IEnumerable<AdminOrderOutput> Orders);

/// <summary>A user's orders, with what the gateway calls them and what was refused.</summary>
public sealed class AdminOrders(OrderStore orders)
{
    [Function("admin-orders")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "manage/orders")] HttpRequest http, CancellationToken cancellationToken)
    {
        var user = http.Query["userId"].ToString();
        return Caller.Problem(user) is { } problem
            ? Problems.From(problem, http.HttpContext)
            : Answers.Json(new OrderCollection((await orders.ReadAllAsync(user, OrderStore.PageLimit, cancellationToken)).Select(AdminOrderOutput.Of)));
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
        var input = Caller.Problem(userId) ?? IdempotencyKeys.Problem(http) ?? await http.ReadJsonAsync<RefundBody>(Wire.Strict, cancellationToken);
        if (!input.Succeeded)
        {
            return Problems.From(input.Refusal, http.HttpContext);
        }

        var claim = await IdempotencyKeys.ReadAsync(http, http.Caller(), cancellationToken);
        return Answers.From(await refunds.RefundAsync(userId, id, input.Value.Amount, claim?.KeyHash, cancellationToken), http, AdminOrderOutput.Of);
    }
}
