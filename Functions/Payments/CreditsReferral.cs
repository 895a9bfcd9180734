using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Payments;

/// <param name="Code">One's own, to give to others.</param>
public sealed record ReferralOutput(string UserId, string Code, decimal BonusCredits, bool WasReferred);

/// <summary>One's referral code.</summary>
public sealed class CreditsReferral(Referrals referrals)
{
    [Function("credits-referral")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "credits/referral")] HttpRequest http, CancellationToken cancellationToken) =>
        Answers.Json(Show(http, await referrals.ReadAsync(http.Caller().AccountId, cancellationToken)));

    internal static ReferralOutput Show(HttpRequest http, ReferralView view) => new(http.Caller().UserId, view.Code, view.BonusCredits, view.WasReferred);
}

/// <summary>Says whose code brought one here: once, before the first purchase.</summary>
public sealed class CreditsReferralSet(Referrals referrals)
{
    [Function("credits-referral-set")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "credits/referral")] HttpRequest http, CancellationToken cancellationToken)
    {
        var input = await http.ReadJsonAsync<CodeBody>(Wire.Json, cancellationToken);
        var set = !input.Succeeded ? input.Refusal
            : string.IsNullOrWhiteSpace(input.Value.Code) ? Refusal.Invalid("'code' is required.")
            : await referrals.SetAsync(http.Caller().AccountId, input.Value.Code, cancellationToken);
        return Answers.From(set, http, view => CreditsReferral.Show(http, view));
    }
}
