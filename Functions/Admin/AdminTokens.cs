using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

/// <param name="TtlSeconds">See <see cref="UserTokens"/>; an hour unless said otherwise.</param>
/// <param name="Name">What the token is for, in the logs.</param>
public sealed record TokenInput(string? UserId, int? TtlSeconds, string? Name);

/// <summary>Makes a short-lived token for a user whom the site's own backend has signed in.</summary>
public sealed partial class AdminTokens(UserTokens tokens, ILogger<AdminTokens> logger)
{
    [Function("admin-tokens")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "manage/tokens")] HttpRequest http, CancellationToken cancellationToken)
    {
        var input = await http.ReadJsonAsync<TokenInput>(Wire.Strict, cancellationToken);
        var minted = input.Succeeded ? await MintAsync(input.Value, cancellationToken) : input.Refusal;
        http.HttpContext.Response.Headers.CacheControl = "no-store";
        return Answers.From(minted, http, token => token, StatusCodes.Status201Created);
    }

    private async Task<Answer<UserToken>> MintAsync(TokenInput input, CancellationToken cancellationToken)
    {
        if (Caller.Problem(input.UserId ?? "") is { } problem)
        {
            return problem;
        }

        if (input.TtlSeconds is < UserTokens.LeastSeconds or > UserTokens.MostSeconds || !IsName(input.Name ?? ""))
        {
            return Refusal.Invalid($"'ttlSeconds' must be {UserTokens.LeastSeconds} to {UserTokens.MostSeconds}, and 'name' has at most {AdminKeys.NameLimit} printable characters.");
        }

        var lifetime = TimeSpan.FromSeconds(input.TtlSeconds ?? UserTokens.DefaultSeconds);
        var token = await tokens.MintAsync(input.UserId!, lifetime, cancellationToken);
        LogMinted(logger, input.Name ?? "", token.ExpiresAt);
        return token;
    }

    // It goes into a line of the log.
    private static bool IsName(string name) => name.Length <= AdminKeys.NameLimit && !name.Any(char.IsControl);

    [LoggerMessage(LogLevel.Information, "A user token '{Name}' was issued, good until {ExpiresAt}.")]
    private static partial void LogMinted(ILogger logger, string name, DateTimeOffset expiresAt);
}
