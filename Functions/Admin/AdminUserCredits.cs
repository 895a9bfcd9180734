using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;
using ServerlessAi.Functions.Wallet;

namespace ServerlessAi.Functions.Admin;

/// <param name="Amount">Credits; less than zero takes away.</param>
/// <param name="Kind">What the credits count as; an adjustment unless said otherwise.</param>
public sealed record UserCreditsInput(
    [property: JsonPropertyName("amount")] decimal? Amount,
    [property: JsonPropertyName("kind")] GrantKind? Kind,
    [property: JsonPropertyName("reason")] string? Reason,
    [property: JsonPropertyName("expires_at")] DateTimeOffset? ExpiresAt);

/// <summary>A user's credits: read, give, take.</summary>
public sealed class AdminUserCredits(CreditChanges changes, KeyedAnswers answers, AccountViews accounts)
{
    [Function("admin-user-credits")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "manage/users/{userId}/credits")] HttpRequest http,
        string userId,
        CancellationToken cancellationToken)
    {
        userId = RouteValue.Read(userId);
        if (Caller.WalletProblem(userId) is { } problem)
        {
            return Problems.From(problem, http.HttpContext);
        }

        return HttpMethods.IsPost(http.Method)
            ? await ChangeAsync(http, userId, cancellationToken)
            : Answers.Json(CreditsOutput.Of(userId, await accounts.ReadAsync(userId)));
    }

    private async Task<IActionResult> ChangeAsync(HttpRequest http, string userId, CancellationToken cancellationToken)
    {
        var input = IdempotencyKeys.Problem(http) ?? await http.ReadJsonAsync<UserCreditsInput>(Wire.Strict, cancellationToken);
        if (!input.Succeeded)
        {
            return Problems.From(input.Refusal, http.HttpContext);
        }

        var claim = await IdempotencyKeys.ReadAsync(http, http.Caller(), cancellationToken);
        var changed = await changes.ChangeAsync(userId, ToChange(input.Value), claim, cancellationToken);
        return changed.Succeeded
            ? await answers.SendAsync(http, userId, claim, changed.Value, answer => new(CreditsOutput.Of(userId, answer.Account)))
            : Problems.From(changed.Refusal, http.HttpContext);
    }

    private static CreditChange ToChange(UserCreditsInput input) =>
        new(input.Amount ?? 0, input.Kind ?? GrantKind.Adjustment, input.Reason ?? "", input.ExpiresAt);
}
