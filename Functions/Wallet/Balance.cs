using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Wallet;

/// <param name="Balance">USD.</param>
/// <param name="Status"><c>ok</c>, <c>low</c> or <c>empty</c>.</param>
public sealed record BalanceOutput(string UserId, decimal Balance, string Currency, decimal Credits, decimal HeldCredits, string Status);

/// <summary>The current balance.</summary>
public sealed class Balance(AccountViews accounts)
{
    [Function("balance")]
    [Allow(Role.Guest, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "balance")] HttpRequest http)
    {
        var caller = http.Caller();
        var account = await accounts.ReadAsync(caller.AccountId);
        var status = account.AvailableCredits == 0 ? "empty" : account.LowBalance ? "low" : "ok";
        return Answers.Json(new BalanceOutput(caller.UserId, account.BalanceUsd, "USD", account.AvailableCredits, account.HeldCredits, status));
    }
}
