using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Subscriptions;

/// <summary>Marks one of the caller's alerts as read; doing it again changes nothing.</summary>
public sealed class SubscriptionAlertRead(AlertBook alerts)
{
    [Function("subscription-alert-read")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "subscription/alerts/{alertId}/mark-read")] HttpRequest http, string alertId, CancellationToken cancellationToken) =>
        await alerts.MarkReadAsync(http.Caller().AccountId, alertId, cancellationToken) is { } read
            ? Answers.Data(AlertOutput.Of(read))
            : Problems.From(Refusal.NotFound("You have no such alert."), http.HttpContext);
}
