using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Generation;

/// <summary>Completes a prompt with a text model.</summary>
public sealed class Complete(Gateway gateway, TextWork work, ReceiptHeaders headers)
{
    [Function("complete")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "complete")] HttpRequest http, CancellationToken cancellationToken)
    {
        var input = await http.ReadJsonAsync<TextInput>(Wire.Json, cancellationToken);
        var request = input.Then(body => body.ToRequest(http.Caller()));
        var served = request.Succeeded ? await gateway.ServeAsync(work, request.Value, cancellationToken) : request.Refusal;
        if (served.Succeeded)
        {
            headers.Add(http, served.Value);
        }

        return Answers.From(served, http, TextOutput.Of);
    }
}
