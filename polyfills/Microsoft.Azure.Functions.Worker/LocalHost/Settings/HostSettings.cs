using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>The settings the running host obeys, read once the app has finished its configuration.</summary>
internal sealed record HostSettings(
    int Port, bool EnableAuth, string? DataFolder, string RoutePrefix, TimeSpan? FunctionTimeout, string? Cors, bool CorsCredentials)
{
    public const string PortKey = "LocalHost:Port";
    public const string DataKey = "LocalHost:Data";
    public const string EnableAuthKey = "LocalHost:EnableAuth";

    private const int DefaultPort = 7071;

    public static HostSettings From(IConfiguration configuration, HostJson hostJson, LocalSettings local)
    {
        var port = configuration[PortKey] ?? local.Port;
        return new HostSettings(
            string.IsNullOrEmpty(port) ? DefaultPort : ParsePort(port),
            string.Equals(configuration[EnableAuthKey], "true", StringComparison.OrdinalIgnoreCase),
            configuration[DataKey],
            hostJson.RoutePrefix,
            hostJson.FunctionTimeout,
            local.Cors,
            local.CorsCredentials);
    }

    /// <summary>The real host's switch, in both spellings: AzureWebJobs.Name.Disabled and AzureWebJobs__Name__Disabled.</summary>
    public static bool IsDisabled(IConfiguration configuration, string functionName) =>
        IsTrue(configuration[$"AzureWebJobs.{functionName}.Disabled"]) || IsTrue(configuration[$"AzureWebJobs:{functionName}:Disabled"]);

    private static bool IsTrue(string? value) =>
        string.Equals(value, "true", StringComparison.OrdinalIgnoreCase) || string.Equals(value, "1", StringComparison.Ordinal);

    private static int ParsePort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535
            ? port
            : throw new LocalHostException($"The port must be a number from 0 to 65535, not '{text}'.");
}
