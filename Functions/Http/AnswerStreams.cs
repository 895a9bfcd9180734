using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Functions.Http;

/// <summary>How an answer is written as a stream: what goes out for a chunk, for an answer that is known already, and at the end.</summary>
public interface IStreamFrames
{
    /// <returns>The data of the event for a chunk of a chat completion; null when it says nothing to the client.</returns>
    string? OfChunk(string json);

    /// <summary>The answer's whole body, which is kept for its idempotency key.</summary>
    string BodyOf(Served served);

    /// <summary>The chunks' events of an answer that was not made just now.</summary>
    IEnumerable<string> OfKnown(string body);

    /// <summary>What follows the last chunk.</summary>
    IEnumerable<string> OfEnd(Served served, string body);
}

/// <summary>
/// Answers as server-sent events, each flushed as it comes. The way is that of every billable request; only its answer goes out while it is made. An
/// answer that is known already goes out in the same form.
/// </summary>
public sealed class AnswerStreams(Gateway gateway, ChatRelays relays, KeyedAnswers answers, ReceiptHeaders headers)
{
    /// <param name="attach">Gives the request the relay that its chunks go to.</param>
    public async Task<IActionResult> SendAsync<TRequest, TProduct>(
        HttpRequest http, Work<TRequest, TProduct> work, TRequest request, Func<TRequest, ChatRelay, TRequest> attach, IStreamFrames frames, CancellationToken cancellationToken)
        where TRequest : GatewayRequest
        where TProduct : class
    {
        var events = new EventStream(http.HttpContext.Response);
        ChatRelay? own = null;
        using var relay = own = relays.Begin(
            async (json, token) =>
            {
                if (frames.OfChunk(Encoding.UTF8.GetString(json.Span)) is { } data)
                {
                    events.Begin(() => ReceiptHeaders.AddToStream(http, own!.ModelServed));
                    await events.SendAsync(data, token);
                }
            },
            cancellationToken);

        var served = await gateway.ServeAsync(work, attach(request, relay), cancellationToken);
        if (!served.Succeeded)
        {
            return events.HasBegun
                ? await EndAsync(events, [JsonSerializer.Serialize(Problems.BodyOf(served.Refusal, http.HttpContext), Wire.Json)], cancellationToken)
                : Problems.From(served.Refusal, http.HttpContext);
        }

        var answer = served.Value;
        // Even when nobody is there any more: whoever repeats the key gets what was made.
        var body = answer.ReplayedBody ?? await answers.KeepAsync(request.Caller.AccountId, request.Claim, answer, frames.BodyOf(answer));
        events.Begin(() =>
        {
            headers.Add(http, answer);
            KeyedAnswers.MarkReplayed(http, answer.Replayed);
        });
        return await EndAsync(events, [.. relay.HasStarted ? [] : frames.OfKnown(body), .. frames.OfEnd(answer, body)], cancellationToken);
    }

    private static async Task<IActionResult> EndAsync(EventStream events, IEnumerable<string> rest, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var data in rest)
            {
                await events.SendAsync(data, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has left; everything that counts is done.
        }

        return new EmptyResult();
    }
}
