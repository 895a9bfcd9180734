using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Generation;

/// <summary>Completes a prompt with a text model.</summary>
public sealed class Complete(BillableRequests requests, TextWork work)
{
    [Function("complete")]
    [Allow(Role.User)]
    public Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "complete")] HttpRequest http, CancellationToken cancellationToken) =>
        requests.ServeAsync<TextInput, TextRequest, Providers.Text.TextResult>(
            http, work, (input, caller) => input.ToRequest(caller), served => new(TextOutput.Of(served)), cancellationToken);
}
