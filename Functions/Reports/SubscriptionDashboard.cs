using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Functions.Subscriptions;
using ServerlessAi.Reporting;

namespace ServerlessAi.Functions.Reports;

/// <summary>The month at a glance (mission E6).</summary>
public sealed class SubscriptionDashboard(Dashboards dashboards)
{
    [Function("subscription-dashboard")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "subscription/dashboard/{userId}")] HttpRequest http, string userId, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var dashboard = await dashboards.ReadAsync(caller.AccountId, caller.UserId, cancellationToken);
        // An alert looks the same wherever it is shown.
        return Answers.Data(new { dashboard.Summary, dashboard.CurrentUsage, dashboard.Limits, dashboard.Projections, alerts = dashboard.Alerts.Select(AlertOutput.Of) });
    }
}
