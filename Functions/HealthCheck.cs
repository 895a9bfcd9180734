using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions;

/// <summary>Whether storage answers, and how each provider does. 503 without storage; a provider in trouble is <c>degraded</c> and 200.</summary>
public sealed class HealthCheck(Health health)
{
    [Function("health")]
    [Allow(Role.Guest, IsPublic = true)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest http, CancellationToken cancellationToken)
    {
        var report = await health.CheckAsync(cancellationToken);
        http.HttpContext.Response.Headers.CacheControl = "no-store";
        return Answers.Json(report, report.IsHealthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
