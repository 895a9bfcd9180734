using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Functions.Subscriptions;
using ServerlessAi.Plans;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

/// <summary>The body of mission A11.</summary>
/// <param name="UserId">May be left out; otherwise it is the one of the address.</param>
/// <param name="ExpiryDate">When it ends; absent renews it every month.</param>
/// <param name="Plan">Absent: the plan it has or had last, else the cheapest that costs something.</param>
public sealed record UserSubscriptionInput(string? UserId, bool? IsActive, DateTimeOffset? ExpiryDate, string? Plan, string? Reason);

/// <summary>A user's subscription: read, set.</summary>
public sealed class AdminUserSubscription(Plans.Subscriptions subscriptions)
{
    private const int ReasonLimit = 200;

    [Function("admin-user-subscription")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "put", Route = "manage/users/{userId}/subscription")] HttpRequest http, string userId, CancellationToken cancellationToken)
    {
        userId = RouteValue.Read(userId);
        if (Caller.WalletProblem(userId) is { } problem)
        {
            return Problems.From(problem, http.HttpContext);
        }

        if (HttpMethods.IsGet(http.Method))
        {
            return Answers.Snake(SubscriptionOutput.Of(userId, await subscriptions.ReadAsync(userId, cancellationToken)));
        }

        var input = await http.ReadJsonAsync<UserSubscriptionInput>(Wire.StrictSnake, cancellationToken);
        var order = input.Then(body => ToOrder(body, userId));
        var set = order.Succeeded ? await subscriptions.SetAsync(userId, order.Value, cancellationToken) : order.Refusal;
        return set.Succeeded ? Answers.Snake(SubscriptionOutput.Of(userId, set.Value)) : Problems.From(set.Refusal, http.HttpContext);
    }

    private static Answer<SubscriptionOrder> ToOrder(UserSubscriptionInput input, string userId)
    {
        if (input.UserId is { } named && !string.Equals(named, userId, StringComparison.Ordinal))
        {
            return Refusal.Invalid("'user_id' is not the user of the address.");
        }

        if (input.IsActive is not { } isActive || input.Reason is { Length: > ReasonLimit })
        {
            return Refusal.Invalid($"'is_active' is required, and 'reason' has at most {ReasonLimit} characters.");
        }

        return new SubscriptionOrder(input.Plan, isActive, input.ExpiryDate, input.Reason ?? "set_by_admin");
    }
}
