using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Reporting;

namespace ServerlessAi.Functions.Reports;

/// <summary>What was agreed on, bought and taken back.</summary>
public sealed class SubscriptionBilling(Billing billing)
{
    [Function("subscription-billing")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "subscription/billing/{userId}")] HttpRequest http, string userId, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        return Answers.Data(new { events = await billing.ReadAsync(caller.AccountId, cancellationToken) });
    }
}
