using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using ServerlessAi.Access;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>The way of every billable request through the door: body in, gateway, answer with its headers out.</summary>
public sealed class BillableRequests(Gateway gateway, KeyedAnswers answers, ReceiptHeaders headers)
{
    /// <param name="convert">Makes the gateway's request from the body.</param>
    /// <param name="show">Makes the answer's body.</param>
    public async Task<IActionResult> ServeAsync<TInput, TRequest, TProduct>(
        HttpRequest http,
        Work<TRequest, TProduct> work,
        Func<TInput, Caller, Answer<TRequest>> convert,
        Func<Served, ValueTask<object>> show,
        CancellationToken cancellationToken)
        where TInput : class
        where TRequest : GatewayRequest
        where TProduct : class
    {
        var caller = http.Caller();
        var input = IdempotencyKeys.Problem(http) ?? await http.ReadJsonAsync<TInput>(Wire.Json, cancellationToken);
        var request = input.Then(body => convert(body, caller));
        if (!request.Succeeded)
        {
            return Problems.From(request.Refusal, http.HttpContext);
        }

        var claim = await IdempotencyKeys.ReadAsync(http, caller, cancellationToken);
        var served = await gateway.ServeAsync(work, request.Value with { Claim = claim }, cancellationToken);
        if (!served.Succeeded)
        {
            return Problems.From(served.Refusal, http.HttpContext);
        }

        headers.Add(http, served.Value);
        return await answers.SendAsync(http, caller.AccountId, claim, served.Value, show);
    }
}
