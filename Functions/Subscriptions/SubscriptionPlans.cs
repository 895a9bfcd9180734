using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Subscriptions;

/// <summary>The plans on offer; a price list, open to everybody.</summary>
public sealed class SubscriptionPlans(PlanStore plans)
{
    [Function("subscription-plans")]
    [Allow(Role.Guest, IsPublic = true)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "subscription/plans")] HttpRequest http, CancellationToken cancellationToken)
    {
        var list = await plans.GetAsync(cancellationToken);
        return Answers.Data(list.Plans.Where(plan => plan.Offered).Select(PlanOutput.Of));
    }
}
