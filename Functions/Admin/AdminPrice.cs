using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Pricing;

namespace ServerlessAi.Functions.Admin;

/// <summary>One model's price: read, change, remove. <c>If-Match</c> makes a change conditional.</summary>
public sealed class AdminPrice(PriceAdmin prices, TimeProvider time)
{
    [Function("admin-price")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "put", "delete", Route = "manage/model-prices/{id}")] HttpRequest http,
        string id,
        CancellationToken cancellationToken)
    {
        var ifMatch = http.Headers.IfMatch.ToString() is { Length: > 0 } tag ? tag : null;
        if (HttpMethods.IsGet(http.Method))
        {
            return ModelPriceOutput.Answer(await prices.FindAsync(id, cancellationToken), http, time);
        }

        if (HttpMethods.IsDelete(http.Method))
        {
            return ModelPriceOutput.Answer(await prices.RemoveAsync(id, ifMatch, cancellationToken), http, time);
        }

        var input = await http.ReadJsonAsync<ModelPriceInput>(Wire.Strict, cancellationToken);
        return input.Succeeded
            ? ModelPriceOutput.Answer(await prices.UpdateAsync(id, input.Value, ifMatch, cancellationToken), http, time)
            : Problems.From(input.Refusal, http.HttpContext);
    }
}
