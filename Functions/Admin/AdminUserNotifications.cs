using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Functions.Notifications;
using ServerlessAi.Notifications;

namespace ServerlessAi.Functions.Admin;

/// <summary>What a user or a team is told, and where. An address that an admin sets needs no code.</summary>
public sealed class AdminUserNotifications(PreferenceBook preferences)
{
    [Function("admin-user-notifications")]
    [Allow(Role.Admin, BodyLimitBytes = 64 * 1024)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "put", Route = "manage/users/{userId}/notifications")] HttpRequest http, string userId, CancellationToken cancellationToken) =>
        Caller.WalletProblem(userId) is { } problem
            ? Problems.From(problem, http.HttpContext)
            : await PreferencePages.AnswerAsync(http, preferences, http.Caller().For(userId).AccountId, isTrusted: true, cancellationToken);
}
