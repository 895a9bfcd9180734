using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Pricing;

namespace ServerlessAi.Functions.Wallet;

/// <param name="MonthlySpend">USD that this month's calls cost.</param>
/// <param name="MonthlyCap">USD from which on the standard tier serves.</param>
/// <param name="Tier">The tier that would serve an image now, by the same choice as when one is asked for; absent when nobody could.</param>
public sealed record CreditsStatus(
    int FreeRemainingToday, decimal PaidCredits, decimal MonthlySpend, decimal MonthlyCap, decimal BonusCredits, decimal HeldCredits, Tier? Tier,
    DateTimeOffset ResetsAt);

/// <summary>Free images, credits and budget at a glance.</summary>
public sealed class AiCreditsStatus(Glances glances)
{
    [Function("ai-credits-status")]
    [Allow(Role.Guest, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "ai-credits-status")] HttpRequest http, CancellationToken cancellationToken)
    {
        var (account, tier) = await glances.ReadAsync(http.Caller().AccountId, cancellationToken);
        return Answers.Json(new CreditsStatus(
            account.FreeImagesLeftToday, account.PaidCredits, account.MonthSpendUsd, account.MonthCapUsd, account.BonusCredits, account.HeldCredits, tier,
            account.ResetsAt));
    }
}
