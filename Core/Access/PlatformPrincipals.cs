using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Access;

/// <summary>
/// Users whom App Service authentication has signed in. Its header <c>X-MS-CLIENT-PRINCIPAL</c> is base64 of
/// <c>{"auth_typ","name_typ","role_typ","claims":[{"typ","val"}]}</c>
/// (learn.microsoft.com/azure/app-service/configure-authentication-user-identities, "Decode the client principal header"). The platform takes such headers out of
/// requests from outside, but only where its authentication is on; it says so in the environment, as <c>WEBSITE_AUTH_ENABLED</c>
/// (Microsoft.Identity.Web, AppServicesAuthenticationInformation). Anywhere else whoever likes could write one.
/// </summary>
public sealed partial class PlatformPrincipals(IConfiguration configuration, IOptions<AccessOptions> options)
{
    private const string Enabled = "WEBSITE_AUTH_ENABLED";
    private const string Entra = "aad";
    private const string ObjectId = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    private const string NameId = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";

    // Entra's roles keep their short name, whatever role_typ says (github.com/MaximRouiller/MaximeRouiller.Azure.AppService.EasyAuth/issues/4).
    private const string EntraRoles = "roles";

    private static readonly JsonSerializerOptions Json = new() { MaxDepth = 4 };

    private sealed record Claim(string? typ, string? val);

    private sealed record Principal(string? auth_typ, string? role_typ, IReadOnlyList<Claim?>? claims);

    /// <summary>Whether the platform vouches for the header.</summary>
    public bool AreBelieved { get; } = bool.TryParse(configuration[Enabled], out var isOn) && isOn;

    /// <param name="header">As it came. Ask only where <see cref="AreBelieved"/>.</param>
    /// <returns>The user <c>provider:id</c>; null when the header is none that the platform writes.</returns>
    public Caller? Read(string header)
    {
        if (!AreBelieved || Parse(header) is not { auth_typ: { } provider, claims: { } claims } principal || !Provider().IsMatch(provider))
        {
            return null;
        }

        provider = provider.ToLowerInvariant();
        // Another provider may let its users choose what they call an object id.
        var id = (provider is Entra ? Only(claims, ObjectId) : null) ?? Only(claims, NameId);
        var userId = $"{provider}:{id}";
        if (id is not { Length: > 0 } || Caller.Problem(userId) is not null)
        {
            return null;
        }

        var roleTypes = provider is Entra ? new[] { principal.role_typ, EntraRoles } : [principal.role_typ];
        var isAdmin = options.Value.AdminRole is { } role && claims.Any(claim =>
            claim?.typ is { Length: > 0 } type && roleTypes.Contains(type, StringComparer.Ordinal) && string.Equals(claim.val, role, StringComparison.Ordinal));
        return new Caller(userId, userId, isAdmin ? Role.Admin : Role.User);
    }

    private static Principal? Parse(string header)
    {
        var json = new byte[header.Length];
        if (!Convert.TryFromBase64String(header, json, out var length))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<Principal>(json.AsSpan(0, length), Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Two different answers to the question who somebody is are none.
    private static string? Only(IReadOnlyList<Claim?> claims, string type)
    {
        var values = claims.Where(claim => string.Equals(claim?.typ, type, StringComparison.Ordinal)).Select(claim => claim!.val).Distinct(StringComparer.Ordinal).ToList();
        return values.Count == 1 ? values[0] : null;
    }

    // Without a colon, so that the first one of a user id ends the provider's name, and no two providers' users meet.
    [GeneratedRegex(@"^[A-Za-z0-9_.-]{1,64}\z", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Provider();
}
