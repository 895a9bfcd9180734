using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Generation;

/// <summary>Serves up to a hundred requests in one, each with its own result and receipt.</summary>
public sealed class Batch(Batches batches, ItemBodies bodies)
{
    [Function("batch")]
    [Allow(Role.User, BodyLimitBytes = RequestBody.BatchLimitBytes)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "batch")] HttpRequest http, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var input = IdempotencyKeys.Problem(http) ?? await http.ReadJsonAsync<BatchInput>(Wire.Json, cancellationToken);
        if (!input.Succeeded || input.Value.Problem() is not null)
        {
            return Problems.From(input.Refusal ?? input.Value!.Problem()!, http.HttpContext);
        }

        var claim = await IdempotencyKeys.ReadAsync(http, caller, cancellationToken);
        var request = new BatchRequest(caller, input.Value.Read(bodies, caller), input.Value.Concurrency, claim);
        var answer = await batches.ServeAsync(request, outcome => ItemResults.Write(outcome, http.HttpContext), cancellationToken);
        return answer.Succeeded ? KeyedAnswers.Result(http, answer.Value.Body, answer.Value.Replayed) : Problems.From(answer.Refusal, http.HttpContext);
    }
}
