using Microsoft.AspNetCore.Http;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>Reads the <c>Idempotency-Key</c> header. A key is of one caller, method and path; the body belongs to it.</summary>
internal static class IdempotencyKeys
{
    public const string Header = "Idempotency-Key";
    public const string ReplayedHeader = "Idempotent-Replayed";

    /// <summary>Characters a key may have, as payment services allow.</summary>
    private const int LengthLimit = 255;

    /// <summary>What is wrong with the header; null when nothing is.</summary>
    public static Refusal? Problem(HttpRequest http) => http.Headers[Header] is var values && (values.Count > 1 || values.ToString().Length > LengthLimit)
        ? Refusal.Invalid($"Send one {Header} of at most {LengthLimit} characters.")
        : null;

    /// <returns>The key as sent; null when none was.</returns>
    public static async Task<Claim?> ReadAsync(HttpRequest http, Caller caller, CancellationToken cancellationToken)
    {
        var key = http.Headers[Header].ToString();
        var body = await RequestBody.ReadAsync(http, cancellationToken);
        return key.Length == 0 || !body.Succeeded ? null : new Claim(Digest.Of(caller.UserId, http.Method, RouteOf(http), key), Digest.Of(body.Value.Span));
    }

    // However it is spelled: the host finds a route in any case, and with or without a slash at its end.
    private static string RouteOf(HttpRequest http) => http.Path.ToString().Trim('/').ToLowerInvariant();
}
