using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Wallet;

/// <param name="MonthlySpend">USD that this month's calls cost.</param>
/// <param name="MonthlyCap">USD from which on the standard tier serves.</param>
/// <param name="Tier">The tier that would serve now.</param>
public sealed record CreditsStatus(
    int FreeRemainingToday, decimal PaidCredits, decimal MonthlySpend, decimal MonthlyCap, decimal BonusCredits, decimal HeldCredits, string Tier,
    DateTimeOffset ResetsAt);

/// <summary>Free images, credits and budget at a glance.</summary>
public sealed class AiCreditsStatus(AccountViews accounts)
{
    [Function("ai-credits-status")]
    [Allow(Role.Guest, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "ai-credits-status")] HttpRequest http)
    {
        var account = await accounts.ReadAsync(http.Caller().AccountId);
        return Answers.Json(new CreditsStatus(
            account.FreeImagesLeftToday, account.PaidCredits, account.MonthSpendUsd, account.MonthCapUsd, account.BonusCredits, account.HeldCredits, account.Tier,
            account.ResetsAt));
    }
}
