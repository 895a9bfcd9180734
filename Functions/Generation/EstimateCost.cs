using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Functions.Generation;

/// <summary>Body of <c>estimate</c>: that of the request's own route, and its <c>kind</c>.</summary>
internal sealed record EstimateInput(Answer<BillableItem> Item, BatchInput? Batch)
{
    private static readonly (string Name, ItemKind Kind)[] OpenAIKinds = [("chat", ItemKind.Chat), ("embedding", ItemKind.Embedding)];

    /// <exception cref="JsonException">No JSON, or a field has a value of the wrong type.</exception>
    public static EstimateInput? Parse(ReadOnlySpan<byte> body, ItemBodies bodies, Caller caller)
    {
        if (ChatJson.Parse(body) is not { } json)
        {
            return null;
        }

        // These have any members, in any depth; the others are read as strictly as by their own routes.
        if (Array.Find(OpenAIKinds, pair => string.Equals(pair.Name, ChatJson.Text(json["kind"]), StringComparison.OrdinalIgnoreCase)) is { Name: not null } openAI)
        {
            return new EstimateInput(bodies.ReadOpenAI(openAI.Kind, json, caller), Batch: null);
        }

        var kind = JsonSerializer.Deserialize<ItemHead>(body, Wire.Json)!.Kind ?? ItemKind.Text;
        if (kind != ItemKind.Batch)
        {
            return new EstimateInput(bodies.Read(kind, JsonSerializer.Deserialize<JsonElement>(body, Wire.Json), caller), Batch: null);
        }

        var batch = JsonSerializer.Deserialize<BatchInput>(body, Wire.Json)!;
        return batch.Problem() is { } problem ? new EstimateInput(problem, Batch: null) : new EstimateInput(default, batch);
    }
}

/// <summary>Quotes a request of any kind without reserving anything; of a batch every item, and all of them together.</summary>
public sealed class EstimateCost(Estimates estimates, ItemBodies bodies)
{
    [Function("estimate")]
    [Allow(Role.Guest, Scope = Scopes.Read)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "estimate")] HttpRequest http, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var input = await http.ReadAsync(body => EstimateInput.Parse(body.Span, bodies, caller), cancellationToken);
        if (input is { Succeeded: true, Value.Batch: { } batch })
        {
            var all = await estimates.OfAllAsync(batch.Read(bodies, caller), caller.AccountId, cancellationToken);
            return KeyedAnswers.Result(http, Write(all, http.HttpContext), isReplayed: false);
        }

        var item = input.Then(found => found.Item);
        return item.Succeeded
            ? Answers.From(await estimates.OfAsync(item.Value, caller.AccountId, cancellationToken), http, estimate => estimate)
            : Problems.From(item.Refusal, http.HttpContext);
    }

    private static string Write(BatchEstimate all, HttpContext http) => ItemResults.Write(
        [.. all.Items.Select(item => (item.Succeeded ? JsonSerializer.Serialize(item.Value, Wire.Json) : null, item.Refusal))],
        http,
        writer =>
        {
            writer.WriteNumber("credits", all.Credits);
            writer.WriteNumber("costUsd", all.CostUsd);
            writer.WriteNumber("availableCredits", all.AvailableCredits);
            writer.WriteBoolean("canAfford", all.CanAfford);
        });
}
