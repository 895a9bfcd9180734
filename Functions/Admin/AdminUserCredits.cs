using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;
using ServerlessAi.Functions.Wallet;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

/// <param name="Amount">Credits; less than zero takes away.</param>
/// <param name="Kind">What the credits count as; an adjustment unless said otherwise.</param>
public sealed record UserCreditsInput(
    [property: JsonPropertyName("amount")] decimal? Amount,
    [property: JsonPropertyName("kind")] GrantKind? Kind,
    [property: JsonPropertyName("reason")] string? Reason,
    [property: JsonPropertyName("expires_at")] DateTimeOffset? ExpiresAt);

/// <summary>A user's credits: read, give, take.</summary>
public sealed class AdminUserCredits(CreditAdmin credits, AccountViews accounts, IIdSource ids)
{
    [Function("admin-user-credits")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "manage/users/{userId}/credits")] HttpRequest http,
        string userId,
        CancellationToken cancellationToken)
    {
        if (Caller.Problem(userId) is { } problem)
        {
            return Problems.From(problem, http.HttpContext);
        }

        if (HttpMethods.IsPost(http.Method))
        {
            var input = IdempotencyKeys.Problem(http) ?? await http.ReadJsonAsync<UserCreditsInput>(Wire.Strict, cancellationToken);
            var changed = input.Succeeded ? await ChangeAsync(userId, input.Value, await OperationIdAsync(http, cancellationToken)) : input.Refusal;
            if (!changed.Succeeded)
            {
                return Problems.From(changed.Refusal, http.HttpContext);
            }
        }

        return Answers.Json(CreditsOutput.Of(userId, await accounts.ReadAsync(userId)));
    }

    private Task<Answer<OperationRecord>> ChangeAsync(string userId, UserCreditsInput input, string operationId) => credits.ChangeAsync(
        userId, input.Amount ?? 0, input.Kind ?? GrantKind.Adjustment, input.Reason ?? "", input.ExpiresAt, operationId);

    // The same key names the same change, however often it is sent.
    private async Task<string> OperationIdAsync(HttpRequest http, CancellationToken cancellationToken) =>
        await IdempotencyKeys.ReadAsync(http, http.Caller(), cancellationToken) is { } claim ? "key-" + claim.KeyHash : ids.NewOperationId();
}
