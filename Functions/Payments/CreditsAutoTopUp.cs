using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments;
using ServerlessAi.Payments.Saved;

namespace ServerlessAi.Functions.Payments;

public sealed record AutoTopUpBody(bool? Enabled, decimal? ThresholdCredits, string? PackageId, decimal? MonthlyLimitUsd);

/// <param name="DisabledReason">Why it went off: <c>declined</c>, <c>no_payment_method</c>, <c>refunded</c> or <c>disputed</c>; absent when its owner switched it.</param>
public sealed record AutoTopUpOutput(string UserId, bool Enabled, decimal ThresholdCredits, string PackageId, decimal MonthlyLimitUsd, string? DisabledReason);

/// <summary>Whether a package is bought by itself when the balance is low.</summary>
public sealed class CreditsAutoTopUp(TopUps topUps)
{
    [Function("credits-auto-topup")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "credits/auto-topup")] HttpRequest http, CancellationToken cancellationToken) =>
        Answers.Json(Show(http, await topUps.ReadAsync(http.Caller().AccountId, cancellationToken)));

    internal static AutoTopUpOutput Show(HttpRequest http, AutoTopUp setting) => new(
        http.Caller().UserId, setting.Enabled, setting.ThresholdCredits, setting.PackageId, OrderOutput.Units(setting.MonthlyLimitCents), setting.DisabledReason);
}

/// <summary>Switches it on or off.</summary>
public sealed class CreditsAutoTopUpSet(TopUps topUps)
{
    [Function("credits-auto-topup-set")]
    [Allow(Role.User, IsOfOwner = true)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "credits/auto-topup")] HttpRequest http, CancellationToken cancellationToken)
    {
        var input = await http.ReadJsonAsync<AutoTopUpBody>(Wire.Json, cancellationToken);
        if (!input.Succeeded)
        {
            return Problems.From(input.Refusal, http.HttpContext);
        }

        var body = input.Value;
        var set = await topUps.SetAsync(http.Caller().AccountId, new TopUpInput(body.Enabled, body.ThresholdCredits, body.PackageId, body.MonthlyLimitUsd), cancellationToken);
        return Answers.From(set, http, setting => CreditsAutoTopUp.Show(http, setting));
    }
}
