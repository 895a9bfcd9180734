using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;

namespace ServerlessAi.Functions.OpenAI;

/// <summary>A model in OpenAI's form.</summary>
/// <param name="Created">Unix seconds: since when its first price applies; 0 for what was there from the beginning.</param>
public sealed record V1Model(string Id, string Object, long Created, string OwnedBy)
{
    public static V1Model Of(ModelEntry model) => new(model.Id, "model", Math.Max(0, model.Prices[0].EffectiveFrom.ToUnixTimeSeconds()), model.Provider);
}

/// <summary>The models that can be asked through <c>v1/*</c>.</summary>
public sealed class V1Models(CatalogStore catalogs, ProviderRegistry providers)
{
    [Function("v1-models")]
    [Allow(Role.User, Scope = Scopes.All)]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v1/models")] HttpRequest http, CancellationToken cancellationToken)
    {
        var catalog = await catalogs.GetAsync(cancellationToken);
        return OpenAIAnswers.Json(new { Object = "list", Data = catalog.Models.Where(IsServed).Select(V1Model.Of) });
    }

    [Function("v1-model")]
    [Allow(Role.User, Scope = Scopes.All)]
    public async Task<IActionResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v1/models/{id}")] HttpRequest http, string id, CancellationToken cancellationToken)
    {
        var catalog = await catalogs.GetAsync(cancellationToken);
        id = RouteValue.Read(id);
        return catalog.Find(id) is { } model && IsServed(model) ? OpenAIAnswers.Json(V1Model.Of(model)) : Problems.From(NamedModel.Missing(id), http.HttpContext);
    }

    private bool IsServed(ModelEntry model) => model.Active && model.Kind != ModelKind.Search && providers.IsAvailable(model.Kind, model.Provider);
}
