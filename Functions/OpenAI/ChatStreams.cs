using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using ServerlessAi.Functions.Http;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Functions.OpenAI;

/// <summary>
/// Answers as server-sent events, each flushed as it comes. The way is that of every billable request; only its answer goes out while it is made. An
/// answer that is known already goes out in the same form.
/// </summary>
public sealed class ChatStreams(Gateway gateway, ChatWork work, ChatRelays relays, KeyedAnswers answers, ReceiptHeaders headers)
{
    public async Task<IActionResult> SendAsync(HttpRequest http, ChatRequest request, IStreamFrames frames, CancellationToken cancellationToken)
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

        var served = await gateway.ServeAsync(work, request with { Relay = relay }, cancellationToken);
        if (!served.Succeeded && !events.HasBegun)
        {
            return Problems.From(served.Refusal, http.HttpContext);
        }

        if (!served.Succeeded)
        {
            await EndAsync(events, frames.OfRefusal(served.Refusal), cancellationToken);
            return new EmptyResult();
        }

        var answer = served.Value;
        // Even when nobody is there any more: whoever repeats the key gets what was made.
        var body = answer.ReplayedBody ?? await answers.KeepAsync(request.Caller.AccountId, request.Claim, answer, answer.Answer.Text!);
        answer = answer with { Answer = answer.Answer with { Text = body } };
        var chunks = relay.HasStarted ? [] : ChatChunks.Of(body).Select(ChatJson.Write).Select(frames.OfChunk).OfType<string>();
        events.Begin(() =>
        {
            headers.Add(http, answer);
            KeyedAnswers.MarkReplayed(http, answer);
        });
        await EndAsync(events, chunks.Concat(frames.OfEnd(answer)), cancellationToken);
        return new EmptyResult();
    }

    private static async Task EndAsync(EventStream events, IEnumerable<string> rest, CancellationToken cancellationToken)
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
    }
}

/// <summary>Writes server-sent events.</summary>
internal sealed class EventStream(HttpResponse response)
{
    public bool HasBegun { get; private set; }

    /// <summary>Sends the headers with the first event; afterwards does nothing.</summary>
    public void Begin(Action addHeaders)
    {
        if (HasBegun)
        {
            return;
        }

        HasBegun = true;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        // What proxies of the nginx family go by.
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        addHeaders();
    }

    public async Task SendAsync(string data, CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes($"data: {data}\n\n"), cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
