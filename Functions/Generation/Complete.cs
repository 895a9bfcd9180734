using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Generation;

/// <summary>Completes a prompt with a text model, whole or as a stream.</summary>
public sealed class Complete(BillableRequests requests, AnswerStreams streams, TextWork work)
{
    [Function("complete")]
    [Allow(Role.Guest, Scope = Scopes.Generate)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "complete")] HttpRequest http, CancellationToken cancellationToken)
    {
        var isStream = false;
        var request = await BillableRequests.ReadAsync<TextInput, TextRequest>(
            http,
            body => JsonSerializer.Deserialize<TextInput>(body.Span, Wire.Json),
            (input, caller) =>
            {
                isStream = input.Stream == true;
                return input.ToRequest(caller);
            },
            cancellationToken);
        return request.Succeeded && isStream
            ? await streams.SendAsync(http, work, request.Value, (plain, relay) => plain with { Relay = relay }, new TextFrames(), cancellationToken)
            : await requests.AnswerAsync(http, work, request, served => new(JsonSerializer.Serialize(TextOutput.Of(served), Wire.Json)), cancellationToken);
    }
}
