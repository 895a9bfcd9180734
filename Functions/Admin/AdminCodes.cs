using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments.Catalog;

namespace ServerlessAi.Functions.Admin;

public sealed record CodeCollection(IReadOnlyList<PromoCode> Codes);

/// <summary>All codes; a new one.</summary>
public sealed class AdminCodes(PromoCodes codes)
{
    [Function("admin-codes")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "manage/codes")] HttpRequest http, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsGet(http.Method))
        {
            return Answers.Snake(new CodeCollection(await codes.ListAsync(cancellationToken)));
        }

        var patch = await MergePatch.ReadAsync(http, cancellationToken);
        var given = patch.Then(body => MergePatch.Apply(new PromoCode("", CodeKind.Credits, Value: 0), body, Wire.StrictSnake));
        return CatalogAnswer.From(given.Succeeded ? await codes.AddAsync(given.Value, cancellationToken) : given.Refusal, http, StatusCodes.Status201Created);
    }
}

/// <summary>One code: read, change, withdraw. <c>If-Match</c> makes a change conditional; what a change leaves out stays.</summary>
public sealed class AdminCode(PromoCodes codes)
{
    [Function("admin-code")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "put", "delete", Route = "manage/codes/{id}")] HttpRequest http, string id, CancellationToken cancellationToken)
    {
        var ifMatch = http.Headers.IfMatch.ToString() is { Length: > 0 } tag ? tag : null;
        if (HttpMethods.IsGet(http.Method))
        {
            return CatalogAnswer.From(await codes.FindAsync(id, cancellationToken), http);
        }

        if (HttpMethods.IsDelete(http.Method))
        {
            return CatalogAnswer.From(await codes.WithdrawAsync(id, ifMatch, cancellationToken), http);
        }

        var patch = await MergePatch.ReadAsync(http, cancellationToken);
        return CatalogAnswer.From(
            patch.Succeeded ? await codes.ChangeAsync(id, value => MergePatch.Apply(value, patch.Value, Wire.StrictSnake), ifMatch, cancellationToken) : patch.Refusal, http);
    }
}
