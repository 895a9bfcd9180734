using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

public sealed record PackageCollection(IReadOnlyList<Package> Packages);

/// <summary>All packages; a new one.</summary>
public sealed class AdminPackages(Packages packages)
{
    [Function("admin-packages")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "manage/packages")] HttpRequest http, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsGet(http.Method))
        {
            return Answers.Snake(new PackageCollection(await packages.ListAsync(cancellationToken)));
        }

        var patch = await MergePatch.ReadAsync(http, cancellationToken);
        var given = patch.Then(body => MergePatch.Apply(new Package("", ""), body, Wire.StrictSnake));
        return CatalogAnswer.From(given.Succeeded ? await packages.AddAsync(given.Value, cancellationToken) : given.Refusal, http, StatusCodes.Status201Created);
    }
}

/// <summary>One package: read, change, withdraw. <c>If-Match</c> makes a change conditional; what a change leaves out stays.</summary>
public sealed class AdminPackage(Packages packages)
{
    [Function("admin-package")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "put", "delete", Route = "manage/packages/{id}")] HttpRequest http, string id, CancellationToken cancellationToken)
    {
        var ifMatch = http.Headers.IfMatch.ToString() is { Length: > 0 } tag ? tag : null;
        if (HttpMethods.IsGet(http.Method))
        {
            return CatalogAnswer.From(await packages.FindAsync(id, cancellationToken), http);
        }

        if (HttpMethods.IsDelete(http.Method))
        {
            return CatalogAnswer.From(await packages.WithdrawAsync(id, ifMatch, cancellationToken), http);
        }

        var patch = await MergePatch.ReadAsync(http, cancellationToken);
        return CatalogAnswer.From(
            patch.Succeeded ? await packages.ChangeAsync(id, value => MergePatch.Apply(value, patch.Value, Wire.StrictSnake), ifMatch, cancellationToken) : patch.Refusal, http);
    }
}

internal static class CatalogAnswer
{
    public static IActionResult From<T>(Answer<Tagged<T>> answer, HttpRequest http, int status = StatusCodes.Status200OK)
    {
        if (!answer.Succeeded)
        {
            return Problems.From(answer.Refusal, http.HttpContext);
        }

        http.HttpContext.Response.Headers.ETag = answer.Value.ETag;
        return Answers.Snake(answer.Value.Value!, status);
    }
}
