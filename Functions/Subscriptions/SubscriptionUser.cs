using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Subscriptions;

/// <summary>A user's plan and how it goes on, with the limits that count.</summary>
public sealed class SubscriptionUser(Plans.Subscriptions subscriptions)
{
    [Function("subscription-user")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "subscription/user/{userId}/subscription")] HttpRequest http, string userId, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var view = await subscriptions.ReadAsync(caller.AccountId, cancellationToken);
        return Answers.Data(new { subscription = SubscriptionOutput.Of(caller.UserId, view), plan = PlanOutput.Of(view.Plan) });
    }
}
