using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ServerlessAi.Primitives;

namespace ServerlessAi.Access;

/// <summary>Settings of access.</summary>
public sealed class AccessOptions
{
    public const string Section = "Access";

    /// <summary>The first admin's key; sent like any API key. Unset: only admin keys that were issued work.</summary>
    [RegularExpression("^.{16,}$", ErrorMessage = "Access__AdminKey must have 16 characters or more.")]
    public string? AdminKey { get; set; }
}

/// <summary>What a request says of who sends it.</summary>
/// <param name="Key">From <c>Authorization: Bearer</c> or <c>x-api-key</c>.</param>
/// <param name="NamedUser">From <c>userId</c> in query or body, or <c>x-user-id</c>.</param>
public sealed record Credentials(string? Key, string? NamedUser);

/// <summary>Turns credentials into a caller. Deny by default: what is not recognised is nobody.</summary>
public sealed class Authenticator(ApiKeys keys, IOptions<AccessOptions> options, IHostEnvironment environment)
{
    private const string AdminUser = "admin";

    public async ValueTask<Answer<Caller>> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        if (credentials.NamedUser is { } named && Caller.Problem(named) is { } problem)
        {
            return problem;
        }

        if (credentials.Key is not { Length: > 0 } key)
        {
            return FromDevelopment(credentials.NamedUser);
        }

        if (await IdentifyAsync(key, cancellationToken) is not { } caller)
        {
            return new Refusal(RefusalCodes.Unauthenticated, "The key is not valid, or was revoked.");
        }

        if (credentials.NamedUser is not { } user || string.Equals(user, caller.UserId, StringComparison.Ordinal))
        {
            return caller;
        }

        return caller.Role == Role.Admin ? caller.For(user) : new Refusal(RefusalCodes.Forbidden, "The key belongs to another user than the one named.");
    }

    // The original contracts name the user in the request and nothing else; that is believed on a developer's machine only.
    private Answer<Caller> FromDevelopment(string? named)
    {
        if (!environment.IsDevelopment())
        {
            return new Refusal(RefusalCodes.Unauthenticated, "Send an API key: 'Authorization: Bearer sai_...' or 'x-api-key'.");
        }

        return named is null
            ? new Refusal(RefusalCodes.Unauthenticated, "Name a user with 'userId' in the query or body, or 'x-user-id'; or send an API key.")
            : new Caller(named, named, Role.User);
    }

    private async ValueTask<Caller?> IdentifyAsync(string key, CancellationToken cancellationToken)
    {
        if (options.Value.AdminKey is { Length: > 0 } adminKey && IsSame(key, adminKey))
        {
            return new Caller(AdminUser, AdminUser, Role.Admin);
        }

        return ApiKeys.IsKey(key) && await keys.VerifyAsync(key, cancellationToken) is { } known
            ? new Caller(known.UserId, known.UserId, known.Role)
            : null;
    }

    // Hashed first, so that neither content nor length shows in the time it takes.
    private static bool IsSame(string one, string other) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(one)), SHA256.HashData(Encoding.UTF8.GetBytes(other)));
}
