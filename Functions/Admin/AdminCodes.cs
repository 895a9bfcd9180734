using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

public sealed record CodeCollection(IReadOnlyList<PromoCode> Codes);

/// <summary>All codes; a new one.</summary>
public sealed class AdminCodes(PromoCodes codes)
{
    [Function("admin-codes")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "manage/codes")] HttpRequest http, CancellationToken cancellationToken) =>
        HttpMethods.IsGet(http.Method)
            ? Answers.Snake(new CodeCollection(await codes.ListAsync(cancellationToken)))
            : await CatalogRoutes.AddAsync(http, new PromoCode("", CodeKind.Credits, Value: 0), async code => AdminCode.Show(await codes.AddAsync(code, cancellationToken)), cancellationToken);
}

/// <summary>One code: read, change, withdraw. <c>If-Match</c> makes a change conditional; what a change leaves out stays.</summary>
public sealed class AdminCode(PromoCodes codes)
{
    [Function("admin-code")]
    [Allow(Role.Admin)]
    public Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "put", "delete", Route = "manage/codes/{id}")] HttpRequest http, string id, CancellationToken cancellationToken) =>
        CatalogRoutes.RunAsync<PromoCode>(
            http,
            async () => Show(await codes.FindAsync(id, cancellationToken)),
            async (change, ifMatch) => Show(await codes.ChangeAsync(id, change, ifMatch, cancellationToken)),
            async ifMatch => Show(await codes.WithdrawAsync(id, ifMatch, cancellationToken)),
            cancellationToken);

    internal static Answer<CatalogEntry> Show(Answer<Tagged<PromoCode>> answer) => answer.Then<CatalogEntry>(code => new CatalogEntry(code.Value, code.ETag));
}
