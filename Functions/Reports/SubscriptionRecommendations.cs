using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Providers;
using ServerlessAi.Reporting;

namespace ServerlessAi.Functions.Reports;

/// <summary>A cheaper model and a better plan, by last month's calls (mission D13).</summary>
public sealed class SubscriptionRecommendations(Recommendations recommendations, ProviderRegistry providers)
{
    [Function("subscription-recommendations")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "subscription/recommendations/{userId}")] HttpRequest http, string userId, CancellationToken cancellationToken)
    {
        // The sample is for trying things out, not for saving.
        var advice = await recommendations.ReadAsync(
            http.Caller().AccountId,
            model => !string.Equals(model.Provider, ProviderRegistry.Sample, StringComparison.Ordinal) && providers.IsAvailable(model.Kind, model.Provider),
            cancellationToken);
        return Answers.Data(advice);
    }
}
