using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Reporting;

namespace ServerlessAi.Functions.Reports;

/// <summary>Thirty days of an account, its cache-hit rate and how long its balance lasts (mission D8, C9).</summary>
public sealed class CreditsAnalytics(Analytics analytics)
{
    [Function("credits-analytics")]
    [Allow(Role.Guest, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "credits/analytics")] HttpRequest http, CancellationToken cancellationToken) =>
        Answers.Json(await analytics.ReadAsync(http.Caller().AccountId, cancellationToken));
}
