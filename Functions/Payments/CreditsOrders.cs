using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments.Orders;

namespace ServerlessAi.Functions.Payments;

public sealed record OrdersOutput(string UserId, IEnumerable<OrderOutput> Orders);

/// <summary>One's orders, newest first: the billing history.</summary>
public sealed class CreditsOrders(OrderStore orders)
{
    [Function("credits-orders")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "credits/orders")] HttpRequest http, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        return Answers.Json(new OrdersOutput(caller.UserId, (await orders.ReadAllAsync(caller.AccountId, OrderStore.PageLimit, cancellationToken)).Select(OrderOutput.Of)));
    }
}
