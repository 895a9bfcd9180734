using System.Text.Json;
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
        var request = await ReadAsync(http, body => JsonSerializer.Deserialize<TInput>(body.Span, Wire.Json), convert, cancellationToken);
        return await AnswerAsync(http, work, request, async served => JsonSerializer.Serialize(await show(served), Wire.Json), cancellationToken);
    }

    /// <summary>The gateway's request, its idempotency key included.</summary>
    public static async Task<Answer<TRequest>> ReadAsync<TInput, TRequest>(
        HttpRequest http, Func<ReadOnlyMemory<byte>, TInput?> parse, Func<TInput, Caller, Answer<TRequest>> convert, CancellationToken cancellationToken)
        where TInput : class
        where TRequest : GatewayRequest
    {
        var caller = http.Caller();
        var input = IdempotencyKeys.Problem(http) ?? await http.ReadAsync(parse, cancellationToken);
        var request = input.Then(body => convert(body, caller));
        return request.Succeeded ? request.Value with { Claim = await IdempotencyKeys.ReadAsync(http, caller, cancellationToken) } : request;
    }

    /// <param name="write">Makes the answer's body, as JSON.</param>
    public async Task<IActionResult> AnswerAsync<TRequest, TProduct>(
        HttpRequest http, Work<TRequest, TProduct> work, Answer<TRequest> request, Func<Served, ValueTask<string>> write, CancellationToken cancellationToken)
        where TRequest : GatewayRequest
        where TProduct : class
    {
        if (!request.Succeeded)
        {
            return Problems.From(request.Refusal, http.HttpContext);
        }

        return await SendAsync(http, request.Value, await gateway.ServeAsync(work, request.Value, cancellationToken), write);
    }

    /// <summary>The last part of <see cref="AnswerAsync"/>, for who has asked the gateway himself.</summary>
    public async Task<IActionResult> SendAsync(HttpRequest http, GatewayRequest request, Answer<Served> served, Func<Served, ValueTask<string>> write)
    {
        if (!served.Succeeded)
        {
            return Problems.From(served.Refusal, http.HttpContext);
        }

        headers.Add(http, served.Value);
        return await answers.SendAsync(http, request.Caller.AccountId, request.Claim, served.Value, write);
    }
}
