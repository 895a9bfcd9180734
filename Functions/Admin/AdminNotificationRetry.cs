using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Notifications;

namespace ServerlessAi.Functions.Admin;

/// <summary>Has a notification that was given up tried again.</summary>
public sealed class AdminNotificationRetry(DeadLetters letters)
{
    [Function("admin-notification-retry")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "manage/notifications/{id}/retry")] HttpRequest http, string id, CancellationToken cancellationToken) =>
        Answers.From(await letters.RetryAsync(id, cancellationToken), http, NotificationOutput.Of);
}
