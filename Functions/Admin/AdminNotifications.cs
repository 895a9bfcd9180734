using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;
using ServerlessAi.Notifications;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

/// <summary>A notification of the outbox, without what it tells and where it goes.</summary>
/// <param name="Channel">Absent while it is not known yet where it goes.</param>
/// <param name="At">When it is tried next, or was given up.</param>
/// <param name="Error">Why the last try failed, such as <c>http_500</c> or <c>smtp_450</c>.</param>
public sealed record NotificationOutput(string Id, string UserId, string Kind, string? Channel, int Attempts, DateTimeOffset At, DateTimeOffset CreatedAt, string? Error)
{
    public static NotificationOutput Of(OutboxItem item) => new(item.Id, item.AccountId, item.Kind, item.Channel, item.Attempts, item.DueAt, item.CreatedAt, item.Error);
}

/// <param name="Next">Send it as <c>next</c> to get the next page; absent on the last one.</param>
public sealed record NotificationList(IReadOnlyList<NotificationOutput> Notifications, string? Next);

/// <summary>Notifications that wait (<c>state=pending</c>), or that were given up (<c>state=dead</c>), the oldest first.</summary>
public sealed class AdminNotifications(DeadLetters letters)
{
    private const int DefaultCount = 50;
    private const int NextLimit = 128;

    [Function("admin-notifications")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "manage/notifications")] HttpRequest http, CancellationToken cancellationToken)
    {
        var (state, limit, next) = (http.Query["state"].ToString(), http.Query["limit"].ToString(), http.Query["next"].ToString());
        var count = limit.Length == 0 ? DefaultCount : int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (count is < 1 or > DeadLetters.PageLimit || next.Length > NextLimit || state is not ("" or "dead" or "pending"))
        {
            return Problems.From(Refusal.Invalid($"'state' must be 'dead' or 'pending', 'limit' 1 to {DeadLetters.PageLimit}, 'next' as a page gave it."), http.HttpContext);
        }

        var page = await letters.ListAsync(state is not "pending", count, next.Length > 0 ? next : null, cancellationToken);
        return Answers.From(page, http, found => new NotificationList([.. found.Items.Select(NotificationOutput.Of)], found.Next));
    }
}
