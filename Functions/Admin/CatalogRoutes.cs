using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

/// <summary>An entry of a catalog as it is sent, and the tag that makes a change of it conditional.</summary>
internal sealed record CatalogEntry(object Body, string ETag);

/// <summary>What plans, packages and codes have in common over HTTP: bodies in snake_case, merge patches, <c>ETag</c> and <c>If-Match</c>.</summary>
internal static class CatalogRoutes
{
    /// <param name="blank">What is not said is as it is here.</param>
    public static async Task<IActionResult> AddAsync<T>(HttpRequest http, T blank, Func<T, Task<Answer<CatalogEntry>>> add, CancellationToken cancellationToken)
        where T : class
    {
        var patch = await MergePatch.ReadAsync(http, cancellationToken);
        var given = patch.Then(body => MergePatch.Apply(blank, body, Wire.StrictSnake));
        return Answer(given.Succeeded ? await add(given.Value) : given.Refusal, http, StatusCodes.Status201Created);
    }

    /// <summary>One entry: read, change, withdraw. What a change leaves out stays.</summary>
    /// <param name="find">Reads it.</param>
    /// <param name="change">Makes the next one from the present one, if that still has the tag.</param>
    /// <param name="withdraw">Takes it from the offer, if it still has the tag.</param>
    public static async Task<IActionResult> RunAsync<T>(
        HttpRequest http, Func<Task<Answer<CatalogEntry>>> find, Func<Func<T, Answer<T>>, string?, Task<Answer<CatalogEntry>>> change, Func<string?, Task<Answer<CatalogEntry>>> withdraw,
        CancellationToken cancellationToken)
        where T : class
    {
        if (HttpMethods.IsGet(http.Method))
        {
            return Answer(await find(), http);
        }

        var ifMatch = http.Headers.IfMatch.ToString() is { Length: > 0 } tag ? tag : null;
        if (HttpMethods.IsDelete(http.Method))
        {
            return Answer(await withdraw(ifMatch), http);
        }

        var patch = await MergePatch.ReadAsync(http, cancellationToken);
        return Answer(patch.Succeeded ? await change(value => MergePatch.Apply(value, patch.Value, Wire.StrictSnake), ifMatch) : patch.Refusal, http);
    }

    private static IActionResult Answer(Answer<CatalogEntry> answer, HttpRequest http, int status = StatusCodes.Status200OK)
    {
        if (!answer.Succeeded)
        {
            return Problems.From(answer.Refusal, http.HttpContext);
        }

        http.HttpContext.Response.Headers.ETag = answer.Value.ETag;
        return Answers.Snake(answer.Value.Body, status);
    }
}
