using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Functions.Subscriptions;
using ServerlessAi.Payments;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Payments;

public sealed record CheckoutBody(string? Plan, string? PromoCode);

public sealed record ChangeBody(string? Plan, bool? Cancel);

/// <param name="Kind"><c>plan</c>, <c>upgrade</c> or <c>renewal</c>.</param>
/// <param name="ShareLeft">Of the running period; 1 for a new one.</param>
/// <param name="Credits">Granted with the payment.</param>
public sealed record QuoteOutput(string UserId, string Plan, OrderKind Kind, decimal Amount, string Currency, decimal Credits, decimal ShareLeft, DateTimeOffset QuotedAt);

/// <summary>What a plan would cost now. Nothing is bought.</summary>
public sealed class SubscriptionQuote(PlanPurchases plans)
{
    [Function("subscription-quote")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "subscription/quote")] HttpRequest http, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var input = await http.ReadJsonAsync<CheckoutBody>(Wire.Json, cancellationToken);
        var quote = input.Succeeded ? await plans.QuoteAsync(caller.AccountId, input.Value.Plan, input.Value.PromoCode, cancellationToken) : input.Refusal;
        return Answers.From(quote, http, q => new QuoteOutput(
            caller.UserId, q.Plan.Id, q.Kind, OrderOutput.Units(q.Price.AmountCents), q.Price.Currency, Money.ToCredits(q.CreditsMicro), decimal.Round(q.ShareLeft, 6), q.QuotedAt));
    }
}

/// <summary>Begins the purchase of a plan, or of a dearer one for what is left of the period: answers where to pay.</summary>
public sealed class SubscriptionCheckout(PlanPurchases plans)
{
    [Function("subscription-checkout")]
    [Allow(Role.User, IsOfOwner = true)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "subscription/checkout")] HttpRequest http, CancellationToken cancellationToken)
    {
        var input = IdempotencyKeys.Problem(http) ?? await http.ReadJsonAsync<CheckoutBody>(Wire.Json, cancellationToken);
        if (!input.Succeeded)
        {
            return Problems.From(input.Refusal, http.HttpContext);
        }

        var claim = await IdempotencyKeys.ReadAsync(http, http.Caller(), cancellationToken);
        return OrderAnswer.From(await plans.BeginAsync(http.Caller().AccountId, input.Value.Plan, input.Value.PromoCode, claim, OrderAnswer.Origin(http), cancellationToken), http);
    }
}

/// <summary>Says what follows the running period: another plan, the same again after all, or nothing.</summary>
public sealed class SubscriptionChange(PlanPurchases plans)
{
    [Function("subscription-change")]
    [Allow(Role.User, IsOfOwner = true)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "subscription/change")] HttpRequest http, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var input = await http.ReadJsonAsync<ChangeBody>(Wire.Json, cancellationToken);
        var changed = input.Succeeded ? await plans.SetNextAsync(caller.AccountId, input.Value.Plan, input.Value.Cancel == true, cancellationToken) : input.Refusal;
        return Answers.Data(changed, http, view => new { subscription = SubscriptionOutput.Of(caller.UserId, view) });
    }
}
