using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments.Giving;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Payments;

/// <param name="Amount">Credits that the giver bought.</param>
public sealed record GiftBody(string? ToUserId, decimal? Amount);

public sealed record GiftOutput(string GiftId, string UserId, string ToUserId, decimal Amount);

/// <summary>Gives purchased credits to another user. With an <c>Idempotency-Key</c> it can be sent again safely.</summary>
public sealed class CreditsGift(Gifts gifts)
{
    [Function("credits-gift")]
    [Allow(Role.User, IsOfOwner = true)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "credits/gift")] HttpRequest http, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var input = IdempotencyKeys.Problem(http) ?? await http.ReadJsonAsync<GiftBody>(Wire.Json, cancellationToken);
        if (!input.Succeeded)
        {
            return Problems.From(input.Refusal, http.HttpContext);
        }

        var body = input.Value;
        var problem = Caller.Problem(body.ToUserId ?? "");
        var claim = await IdempotencyKeys.ReadAsync(http, caller, cancellationToken);
        var given = problem ?? await gifts.GiveAsync(caller.AccountId, new GiftInput(body.ToUserId, body.Amount), claim, cancellationToken);
        return Answers.From(given, http, transfer => new GiftOutput(transfer.Id, caller.UserId, body.ToUserId!, Money.ToCredits(transfer.Micro)));
    }
}
