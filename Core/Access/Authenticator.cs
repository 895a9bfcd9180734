using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ServerlessAi.Access.Visitors;
using ServerlessAi.Primitives;

namespace ServerlessAi.Access;

/// <summary>What a request says of who sends it.</summary>
/// <param name="Key">From <c>Authorization: Bearer</c> or <c>x-api-key</c>: an API key or a user token.</param>
/// <param name="NamedUser">From <c>userId</c> in query or body, or <c>x-user-id</c>.</param>
public sealed record Credentials(string? Key, string? NamedUser)
{
    /// <summary>The platform's header, or what somebody sent in its name.</summary>
    public string? Principal { get; init; }

    /// <summary>From the guest cookie.</summary>
    public string? GuestPass { get; init; }

    /// <summary>Where the connection comes from, as the platform tells it.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>A browser says that a page of another site sends it.</summary>
    public bool IsCrossSite { get; init; }

    /// <summary>What is asked for is open to guests.</summary>
    public bool MayBeGuest { get; init; }
}

/// <param name="Pass">To be given to the caller, who is a guest; null for nothing to give.</param>
public sealed record Identified(Caller Caller, GuestPass? Pass = null);

/// <summary>
/// Turns credentials into a caller. The first source that is there decides, whatever the others say: an API key or user token, the platform's principal, and
/// without either, where nobody is named, a guest. Deny by default: what is not recognised is nobody.
/// </summary>
public sealed class Authenticator(
    ApiKeys keys, UserTokens tokens, PlatformPrincipals principals, Guests guests, IOptions<AccessOptions> options, IHostEnvironment environment)
{
    private const string AdminUser = "admin";

    public async ValueTask<Answer<Identified>> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        if (credentials.NamedUser is { } named && Caller.Problem(named) is { } problem)
        {
            return problem;
        }

        var principal = principals.AreBelieved && credentials.Principal is { Length: > 0 } header ? header : null;
        // Where the platform signs users in, their own bearer token is for the platform, and comes along.
        if (credentials.Key is { Length: > 0 } key && (principal is null || IsOurs(key)))
        {
            return await IdentifyAsync(key, cancellationToken) is { } caller
                ? ActingFor(caller, credentials.NamedUser)
                : new Refusal(RefusalCodes.Unauthenticated, "The key or token is not valid, has expired, or was revoked.");
        }

        if (principal is not null)
        {
            return principals.Read(principal) is { } caller
                ? ActingFor(caller, credentials.NamedUser)
                : new Refusal(RefusalCodes.Unauthenticated, "The platform's principal names nobody.");
        }

        return credentials is { MayBeGuest: true, NamedUser: null } && guests.AreWelcome
            ? await guests.WelcomeAsync(credentials, cancellationToken)
            : FromDevelopment(credentials.NamedUser);
    }

    private static Answer<Identified> ActingFor(Caller caller, string? named)
    {
        if (named is null || string.Equals(named, caller.UserId, StringComparison.Ordinal))
        {
            return new Identified(caller);
        }

        return caller.Role == Role.Admin
            ? new Identified(caller.For(named))
            : new Refusal(RefusalCodes.Forbidden, "The credentials belong to another user than the one named.");
    }

    // The original contracts name the user in the request and nothing else; that is believed on a developer's machine only.
    private Answer<Identified> FromDevelopment(string? named)
    {
        if (!environment.IsDevelopment())
        {
            return new Refusal(RefusalCodes.Unauthenticated, "Send an API key or a user token: 'Authorization: Bearer ...' or 'x-api-key'.");
        }

        return named is null
            ? new Refusal(RefusalCodes.Unauthenticated, "Name a user with 'userId' in the query or body, or 'x-user-id'; or send an API key.")
            : new Identified(new Caller(named, named, Role.User));
    }

    private async ValueTask<Caller?> IdentifyAsync(string key, CancellationToken cancellationToken)
    {
        if (IsAdminKey(key))
        {
            return new Caller(AdminUser, AdminUser, Role.Admin);
        }

        if (await tokens.VerifyAsync(key, cancellationToken) is { } userId)
        {
            return new Caller(userId, userId, Role.User);
        }

        return ApiKeys.IsKey(key) && await keys.VerifyAsync(key, cancellationToken) is { } known
            ? new Caller(known.UserId, known.UserId, known.Role) { Scopes = known.Scopes }
            : null;
    }

    private bool IsOurs(string key) => ApiKeys.IsKey(key) || UserTokens.IsToken(key) || IsAdminKey(key);

    private bool IsAdminKey(string key) => options.Value.AdminKey is { Length: > 0 } adminKey && IsSame(key, adminKey);

    // Hashed first, so that neither content nor length shows in the time it takes.
    private static bool IsSame(string one, string other) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(one)), SHA256.HashData(Encoding.UTF8.GetBytes(other)));
}
