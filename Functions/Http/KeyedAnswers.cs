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
    public async Task<IActionResult> SendAsync<T>(HttpRequest http, string accountId, Claim? claim, T answer, Func<T, ValueTask<object>> show)
        where T : Repeatable
    {
        if (answer.Replayed)
        {
            http.HttpContext.Response.Headers[IdempotencyKeys.ReplayedHeader] = "true";
        }

        var body = answer.ReplayedBody ?? await MakeAsync(accountId, claim, answer, show);
        return new ContentResult { Content = body, ContentType = ContentType, StatusCode = StatusCodes.Status200OK };
    }

    private async Task<string> MakeAsync<T>(string accountId, Claim? claim, T answer, Func<T, ValueTask<object>> show)
        where T : Repeatable
    {
        var body = JsonSerializer.Serialize(await show(answer), Wire.Json);
        return claim is null ? body : await replays.KeepBodyAsync(accountId, claim, answer.OperationId, body);
    }
}
