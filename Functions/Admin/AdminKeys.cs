using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

/// <param name="Role"><c>user</c> unless said otherwise, or <c>admin</c>.</param>
/// <param name="Scopes">Of <c>generate</c> and <c>read</c>; both unless said otherwise, and always for an admin's key.</param>
public sealed record KeyInput(string? UserId, Role? Role, string? Name, IReadOnlyList<string>? Scopes);

/// <param name="Key">The whole key; only the answer that issues it has it.</param>
public sealed record KeyOutput(
    string Prefix, string UserId, Role Role, string Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt, string? Key = null)
{
    public static KeyOutput Of(ApiKey key, string? secret = null) =>
        new(key.Prefix, key.UserId, key.Role, key.Name, ScopeNames.Of(key.Scopes), key.CreatedAt, key.RevokedAt, secret);
}

/// <param name="Next">Send it as <c>next</c> to get the next page; absent on the last one.</param>
public sealed record KeyList(IReadOnlyList<KeyOutput> Keys, string? Next);

/// <summary>API keys: list page by page, of all users or one; issue.</summary>
public sealed class AdminKeys(ApiKeys keys)
{
    internal const int NameLimit = 100;
    private const int DefaultCount = 100;
    private const int PageLimit = 500;

    [Function("admin-keys")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "manage/keys")] HttpRequest http, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsGet(http.Method))
        {
            return await ListAsync(http, cancellationToken);
        }

        var input = await http.ReadJsonAsync<KeyInput>(Wire.Strict, cancellationToken);
        var issued = input.Succeeded ? await IssueAsync(input.Value, cancellationToken) : input.Refusal;
        return Answers.From(issued, http, key => key, StatusCodes.Status201Created);
    }

    private async Task<IActionResult> ListAsync(HttpRequest http, CancellationToken cancellationToken)
    {
        var (user, limit, next) = (http.Query["userId"].ToString(), http.Query["limit"].ToString(), http.Query["next"].ToString());
        var count = limit.Length == 0 ? DefaultCount : int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (count is < 1 or > PageLimit || next.Length > AdminKey.PrefixLimit)
        {
            return Problems.From(Refusal.Invalid($"'limit' must be 1 to {PageLimit}, 'next' as a page gave it."), http.HttpContext);
        }

        // One more than asked for tells whether there is another page.
        var list = await keys.ListAsync(user.Length > 0 ? user : null, next, cancellationToken).Take(count + 1).ToListAsync(cancellationToken);
        return Answers.Json(new KeyList([.. list.Take(count).Select(key => KeyOutput.Of(key))], list.Count > count ? list[count - 1].Prefix : null));
    }

    private async Task<Answer<KeyOutput>> IssueAsync(KeyInput input, CancellationToken cancellationToken)
    {
        if (Caller.Problem(input.UserId ?? "") is { } problem)
        {
            return problem;
        }

        if (input.Name is { Length: > NameLimit } || input.Role == Role.Guest)
        {
            return Refusal.Invalid($"'role' must be 'user' or 'admin', and 'name' has at most {NameLimit} characters.");
        }

        var scopes = input.Scopes is { } named ? ScopeNames.Parse(named) : Scopes.All;
        if (scopes is null || (input.Scopes is not null && input.Role == Role.Admin))
        {
            return Refusal.Invalid("'scopes' has 'generate', 'read' or both, and is for a user's key.");
        }

        var (secret, key) = await keys.IssueAsync(input.UserId!, input.Role ?? Role.User, input.Name ?? "", scopes.Value, cancellationToken);
        return KeyOutput.Of(key, secret);
    }
}
