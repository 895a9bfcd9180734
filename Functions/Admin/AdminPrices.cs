using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Pricing;

namespace ServerlessAi.Functions.Admin;

/// <summary>All models and their prices; a new one.</summary>
public sealed class AdminPrices(PriceAdmin prices, TimeProvider time)
{
    [Function("admin-prices")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "manage/model-prices")] HttpRequest http, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsGet(http.Method))
        {
            var models = await prices.ListAsync(cancellationToken);
            return Answers.Json(new ModelPriceList([.. models.Select(model => ModelPriceOutput.Of(model, time.GetUtcNow()))]));
        }

        var input = await http.ReadJsonAsync<ModelPriceInput>(Wire.Strict, cancellationToken);
        return input.Succeeded
            ? ModelPriceOutput.Answer(await prices.AddAsync(input.Value, cancellationToken), http, time, StatusCodes.Status201Created)
            : Problems.From(input.Refusal, http.HttpContext);
    }
}
