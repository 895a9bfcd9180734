using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Subscriptions;

/// <summary>The alerts of a user, newest first; <c>unread=true</c> leaves out what was read.</summary>
public sealed class SubscriptionAlerts(AlertBook alerts)
{
    private const int DefaultCount = 50;
    private const int NextLimit = 128;

    [Function("subscription-alerts")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "subscription/alerts/{userId}")] HttpRequest http, string userId, CancellationToken cancellationToken)
    {
        var (limit, next, unread) = (http.Query["limit"].ToString(), http.Query["next"].ToString(), http.Query["unread"].ToString());
        var count = limit.Length == 0 ? DefaultCount : int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (count is < 1 or > AlertBook.PageLimit || next.Length > NextLimit || unread is not ("" or "true" or "false"))
        {
            return Problems.From(Refusal.Invalid($"'limit' must be 1 to {AlertBook.PageLimit}, 'unread' true or false, 'next' as a page gave it."), http.HttpContext);
        }

        var page = await alerts.ListAsync(http.Caller().AccountId, count, next.Length > 0 ? next : null, unread is "true", cancellationToken);
        return Answers.Data(new AlertsData([.. page.Alerts.Select(AlertOutput.Of)], page.Unread, page.Next));
    }
}
