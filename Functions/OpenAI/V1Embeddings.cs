using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.OpenAI;

/// <summary>OpenAI's embeddings.</summary>
public sealed class V1Embeddings(BillableRequests requests, EmbeddingWork work)
{
    [Function("v1-embeddings")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/embeddings")] HttpRequest http, CancellationToken cancellationToken)
    {
        var request = await BillableRequests.ReadAsync<JsonObject, EmbeddingRequest>(
            http,
            V1Bodies.Parse,
            (body, caller) => V1Bodies.CacheOf(http).Then<EmbeddingRequest>(cache => new EmbeddingRequest(caller, body, UsageLabels.Of(body), cache)),
            cancellationToken);
        return await requests.AnswerAsync(http, work, request, served => new(served.Answer.Text!), cancellationToken);
    }
}
