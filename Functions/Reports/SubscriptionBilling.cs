using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Reporting;

namespace ServerlessAi.Functions.Reports;

/// <summary>What was agreed on, paid for and paid back, newest first: <c>{events, months, next}</c>; <c>limit</c> events, from <c>next</c> on.</summary>
public sealed class SubscriptionBilling(Billing billing)
{
    [Function("subscription-billing")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "subscription/billing/{userId}")] HttpRequest http, string userId, CancellationToken cancellationToken)
    {
        var (limit, next) = (http.Query["limit"].ToString(), http.Query["next"].ToString());
        var count = limit.Length == 0 ? Billing.PageLimit : int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 0;
        return Answers.Data(await billing.ReadAsync(http.Caller().AccountId, next, count, cancellationToken), http, page => page);
    }
}
