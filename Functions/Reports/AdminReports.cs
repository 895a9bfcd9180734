using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Reporting;

namespace ServerlessAi.Functions.Reports;

/// <summary>Usage, revenue and margins of the whole installation, and its budget (mission B15).</summary>
public sealed class AdminReports(PlatformReports reports)
{
    [Function("admin-usage")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> RunUsage([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "manage/usage")] HttpRequest http, CancellationToken cancellationToken)
    {
        var period = SubscriptionUsage.Periods.Read(http);
        return period.Succeeded ? Answers.Json(await reports.ReadAsync(period.Value.Start, cancellationToken)) : Problems.From(period.Refusal, http.HttpContext);
    }

    [Function("admin-budget")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> RunBudget([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "manage/budget")] HttpRequest http, CancellationToken cancellationToken) =>
        Answers.Json(await reports.ReadBudgetAsync(cancellationToken));
}
