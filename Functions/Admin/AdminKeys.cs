using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

/// <param name="Role"><c>user</c> unless said otherwise, or <c>admin</c>.</param>
public sealed record KeyInput(string? UserId, Role? Role, string? Name);

/// <param name="Key">The whole key; only the answer that issues it has it.</param>
public sealed record KeyOutput(string Prefix, string UserId, Role Role, string Name, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt, string? Key = null)
{
    public static KeyOutput Of(ApiKey key, string? secret = null) => new(key.Prefix, key.UserId, key.Role, key.Name, key.CreatedAt, key.RevokedAt, secret);
}

public sealed record KeyList(IReadOnlyList<KeyOutput> Keys);

/// <summary>API keys: list, of all users or one; issue.</summary>
public sealed class AdminKeys(ApiKeys keys)
{
    private const int NameLimit = 100;

    [Function("admin-keys")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "manage/keys")] HttpRequest http, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsGet(http.Method))
        {
            var user = http.Query["userId"].ToString() is { Length: > 0 } named ? named : null;
            var list = await keys.ListAsync(user, cancellationToken).Select(key => KeyOutput.Of(key)).ToListAsync(cancellationToken);
            return Answers.Json(new KeyList(list));
        }

        var input = await http.ReadJsonAsync<KeyInput>(Wire.Strict, cancellationToken);
        var issued = input.Succeeded ? await IssueAsync(input.Value, cancellationToken) : input.Refusal;
        return Answers.From(issued, http, key => key, StatusCodes.Status201Created);
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

        var (secret, key) = await keys.IssueAsync(input.UserId!, input.Role ?? Role.User, input.Name ?? "", cancellationToken);
        return KeyOutput.Of(key, secret);
    }
}
