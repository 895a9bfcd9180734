using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments.Codes;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Payments;

public sealed record CodeBody(string? Code);

/// <param name="Redeemed">False: this account had the code's credits before.</param>
public sealed record RedeemOutput(string UserId, string Code, decimal Credits, bool Redeemed);

/// <summary>Redeems a code for credits. Sending it again changes nothing.</summary>
public sealed class CreditsRedeem(Redemptions redemptions)
{
    [Function("credits-redeem")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "credits/redeem")] HttpRequest http, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var input = await http.ReadJsonAsync<CodeBody>(Wire.Json, cancellationToken);
        var redeemed = !input.Succeeded ? input.Refusal
            : string.IsNullOrWhiteSpace(input.Value.Code) ? Refusal.Invalid("'code' is required.")
            : await redemptions.RedeemAsync(caller.AccountId, input.Value.Code, cancellationToken);
        return Answers.From(redeemed, http, done => new RedeemOutput(caller.UserId, done.Code, done.Credits, !done.IsRepeat));
    }
}
