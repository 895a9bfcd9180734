using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Notifications;

namespace ServerlessAi.Functions.Notifications;

/// <summary>What the caller is told, and where: read, replace.</summary>
public sealed class NotificationsPreferences(PreferenceBook preferences)
{
    [Function("notifications-preferences")]
    [Allow(Role.User, IsOfOwner = true, BodyLimitBytes = 64 * 1024)]
    public Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "put", Route = "notifications/preferences")] HttpRequest http, CancellationToken cancellationToken) =>
        PreferencePages.AnswerAsync(http, preferences, http.Caller().AccountId, isTrusted: false, cancellationToken);
}
