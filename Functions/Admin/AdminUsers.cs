using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;
using ServerlessAi.Functions.Subscriptions;
using ServerlessAi.Plans;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

/// <summary>A user in a list.</summary>
/// <param name="Credits">Available.</param>
/// <param name="MonthSpendUsd">What the month's calls cost.</param>
public sealed record UserOutput(string UserId, SubscriptionOutput Subscription, decimal Credits, decimal HeldCredits, int MonthCalls, decimal MonthSpendUsd, DateTimeOffset CreatedAt)
{
    public static UserOutput Of(SubscriptionView view, DateTimeOffset now) => new(
        view.AccountId,
        SubscriptionOutput.Of(view.AccountId, view),
        Money.ToCredits(view.Account.AvailableMicro(now)),
        Money.ToCredits(view.Account.HeldMicro),
        view.Account.Month.Calls,
        Money.ToUsd(view.Account.Month.CostNanoUsd),
        view.Account.CreatedAt);
}

public sealed record UserCollection(IReadOnlyList<UserOutput> Users, string? Next);

/// <summary>All users with their subscriptions, <c>limit</c> at a time; <c>next</c> of a page is the <c>after</c> of the one that follows.</summary>
public sealed class AdminUsers(UserList users, TimeProvider time)
{
    private const int DefaultCount = 50;

    [Function("admin-users")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "manage/users")] HttpRequest http, CancellationToken cancellationToken)
    {
        var text = http.Query["limit"].ToString();
        var limit = text.Length == 0 ? DefaultCount : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var after = http.Query["after"].ToString() is { Length: > 0 } named ? named : null;
        if (limit is < 1 or > Members.PageLimit || (after is not null && Caller.ShapeProblem(after) is not null))
        {
            return Problems.From(Refusal.Invalid($"'limit' must be 1 to {Members.PageLimit}, 'after' a user id."), http.HttpContext);
        }

        var page = await users.ReadAsync(after, limit, cancellationToken);
        var now = time.GetUtcNow();
        return Answers.Snake(new UserCollection([.. page.Users.Select(user => UserOutput.Of(user, now))], page.Next));
    }
}
