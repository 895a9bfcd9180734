using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using ServerlessAi.Accounts;

namespace ServerlessAi.Functions.Http;

/// <summary>The last steps of every request that may carry an idempotency key: the body is kept for its key, and goes out as it is kept.</summary>
public sealed class KeyedAnswers(Replays replays)
{
    private const string ContentType = "application/json; charset=utf-8";

    /// <param name="accountId">The account that owns the key.</param>
    /// <param name="claim">The key; null for none.</param>
    /// <param name="show">Makes the answer's body; not asked when one is kept.</param>
    public Task<IActionResult> SendAsync<T>(HttpRequest http, string accountId, Claim? claim, T answer, Func<T, ValueTask<object>> show)
        where T : Repeatable => SendAsync(http, accountId, claim, answer, async value => JsonSerializer.Serialize(await show(value), Wire.Json));

    /// <inheritdoc cref="SendAsync{T}(HttpRequest, string, Claim, T, Func{T, ValueTask{object}})"/>
    /// <param name="write">Makes the answer's body, as JSON; not asked when one is kept.</param>
    public async Task<IActionResult> SendAsync<T>(HttpRequest http, string accountId, Claim? claim, T answer, Func<T, ValueTask<string>> write)
        where T : Repeatable
    {
        return Result(http, answer.ReplayedBody ?? await KeepAsync(accountId, claim, answer, await write(answer)), answer.Replayed);
    }

    /// <param name="body">JSON that is written already.</param>
    /// <param name="isReplayed">An earlier request with the same key got it.</param>
    public static IActionResult Result(HttpRequest http, string body, bool isReplayed)
    {
        MarkReplayed(http, isReplayed);
        return new ContentResult { Content = body, ContentType = ContentType, StatusCode = StatusCodes.Status200OK };
    }

    public static void MarkReplayed(HttpRequest http, bool isReplayed)
    {
        if (isReplayed)
        {
            http.HttpContext.Response.Headers[IdempotencyKeys.ReplayedHeader] = "true";
        }
    }

    /// <returns>The body to answer with: the one that was kept first.</returns>
    public async Task<string> KeepAsync(string accountId, Claim? claim, Repeatable answer, string body) =>
        claim is null ? body : await replays.KeepBodyAsync(accountId, claim, answer.OperationId, body);
}
