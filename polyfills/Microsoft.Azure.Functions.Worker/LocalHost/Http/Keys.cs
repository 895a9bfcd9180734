using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>
/// The keys of <c>--enable-auth</c>. They come from LocalHost:Keys:{Master, Host, System} and LocalHost:Keys:Functions:{name};
/// the master and host keys are made up at start when they are not set.
/// </summary>
internal sealed class Keys(IConfiguration configuration)
{
    private const string Header = "x-functions-key";

    public string Master { get; } = configuration["LocalHost:Keys:Master"] ?? NewKey();

    /// <summary>Opens every function of level Function.</summary>
    public string Host { get; } = configuration["LocalHost:Keys:Host"] ?? NewKey();

    public bool Allows(HttpRequest request, AuthorizationLevel required, string? functionName)
    {
        if (required == AuthorizationLevel.Anonymous)
        {
            return true;
        }

        // The header decides when it is there at all: a wrong header is not saved by a right ?code=.
        var presented = request.Headers.TryGetValue(Header, out var header) ? header.ToString() : request.Query["code"].ToString();
        return presented.Length > 0 && LevelOf(presented, functionName) is { } level && (level == AuthorizationLevel.Admin || level == required);
    }

    private AuthorizationLevel? LevelOf(string key, string? functionName)
    {
        if (Same(key, Master))
        {
            return AuthorizationLevel.Admin;
        }

        if (Same(key, Host) || (functionName is not null && Same(key, configuration[$"LocalHost:Keys:Functions:{functionName}"])))
        {
            return AuthorizationLevel.Function;
        }

        return Same(key, configuration["LocalHost:Keys:System"]) ? AuthorizationLevel.System : null;
    }

    private static bool Same(string key, string? expected) =>
        !string.IsNullOrEmpty(expected) && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(expected));

    private static string NewKey() => Convert.ToHexString(RandomNumberGenerator.GetBytes(24));
}
