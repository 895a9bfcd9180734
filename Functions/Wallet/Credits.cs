using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Wallet;

/// <param name="Grants">In the order they burn.</param>
public sealed record CreditsOutput(
    string UserId, string Plan, decimal Credits, decimal PaidCredits, decimal BonusCredits, decimal HeldCredits, decimal UsdPerCredit, bool LowBalance,
    ImmutableArray<GrantView> Grants)
{
    public static CreditsOutput Of(string userId, AccountView account) => new(
        userId, account.Plan, account.AvailableCredits, account.PaidCredits, account.BonusCredits, account.HeldCredits, account.UsdPerCredit, account.LowBalance,
        account.Grants);
}

/// <summary>Credits and where they came from.</summary>
public sealed class Credits(AccountViews accounts)
{
    [Function("credits")]
    [Allow(Role.Guest, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "credits")] HttpRequest http)
    {
        var caller = http.Caller();
        return Answers.Json(CreditsOutput.Of(caller.UserId, await accounts.ReadAsync(caller.AccountId)));
    }
}
