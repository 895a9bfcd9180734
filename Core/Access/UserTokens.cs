using ServerlessAi.Access.Sealing;

namespace ServerlessAi.Access;

/// <summary>A token as its user gets it.</summary>
public sealed record UserToken(string Token, string UserId, DateTimeOffset ExpiresAt);

/// <summary>
/// Short-lived tokens of the form <c>sat_seal</c>, which a site's own backend gets for the users that it has signed in. Nothing is stored: the seal
/// says who and until when, and no token can be taken back. It is never more than its user.
/// </summary>
public sealed class UserTokens(Seals seals, TimeProvider time)
{
    /// <summary>Seconds a token is good for.</summary>
    public const int LeastSeconds = 60, MostSeconds = 86_400, DefaultSeconds = 3_600;

    private const string Start = "sat_";
    private const string Purpose = "ServerlessAi.UserToken.v1";

    /// <summary>Whether a credential looks like one of ours.</summary>
    public static bool IsToken(string credential) => credential.StartsWith(Start, StringComparison.Ordinal);

    public async ValueTask<UserToken> MintAsync(string userId, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var expiresAt = time.GetUtcNow() + lifetime;
        return new UserToken(Start + await seals.SealAsync(Purpose, userId, expiresAt, cancellationToken), userId, expiresAt);
    }

    /// <returns>The user; null when the token is not genuine, or its time is over.</returns>
    public async ValueTask<string?> VerifyAsync(string credential, CancellationToken cancellationToken) =>
        IsToken(credential) ? (await seals.OpenAsync(Purpose, credential[Start.Length..], cancellationToken))?.Text : null;
}
