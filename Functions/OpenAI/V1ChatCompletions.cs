using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.OpenAI;

/// <summary>OpenAI's chat completions, whole or as a stream.</summary>
public sealed class V1ChatCompletions(BillableRequests requests, AnswerStreams streams, ChatWork work)
{
    [Function("v1-chat-completions")]
    [Allow(Role.User, BodyLimitBytes = RequestBody.PicturesLimitBytes)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/chat/completions")] HttpRequest http, CancellationToken cancellationToken)
    {
        var request = await BillableRequests.ReadAsync(http, V1Bodies.Parse, V1Bodies.ToChat(http), cancellationToken);
        return request.Succeeded && V1Bodies.IsStream(request.Value.Body)
            ? await streams.SendAsync(
                http, work, request.Value, (plain, relay) => plain with { Relay = relay }, new V1Frames(V1Bodies.WantsUsage(request.Value.Body)), cancellationToken)
            : await requests.AnswerAsync(http, work, request, served => new(served.Answer.Text!), cancellationToken);
    }
}
