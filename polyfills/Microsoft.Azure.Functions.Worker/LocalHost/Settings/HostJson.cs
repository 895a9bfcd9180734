using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>What the local host reads of host.json.</summary>
/// <param name="FunctionTimeout">Null is unlimited.</param>
internal sealed record HostJson(string RoutePrefix, TimeSpan? FunctionTimeout, IReadOnlyDictionary<string, LogLevel> LogLevels)
{
    /// <summary>The default of every plan but Consumption.</summary>
    private static readonly TimeSpan s_defaultTimeout = TimeSpan.FromMinutes(30);

    public static HostJson Load(string root)
    {
        var file = Path.Combine(root, "host.json");
        if (!File.Exists(file))
        {
            throw new LocalHostException($"There is no host.json in {root}.");
        }

        using var json = JsonFile.Read(file);
        var version = JsonFile.Find(json.RootElement, "version");
        return version is { ValueKind: JsonValueKind.String } && string.Equals(version.Value.GetString(), "2.0", StringComparison.Ordinal)
            ? new HostJson(Prefix(json.RootElement), Timeout(json.RootElement, file), Levels(json.RootElement))
            : throw new LocalHostException($"{file} must contain \"version\": \"2.0\".");
    }

    private static string Prefix(JsonElement root) =>
        JsonFile.Find(root, "extensions", "http", "routePrefix") is { ValueKind: JsonValueKind.String } prefix ? prefix.GetString()!.Trim('/') : "api";

    private static TimeSpan? Timeout(JsonElement root, string file)
    {
        if (JsonFile.Find(root, "functionTimeout") is not { ValueKind: JsonValueKind.String } value)
        {
            return s_defaultTimeout;
        }

        var text = value.GetString();
        if (string.Equals(text, "-1", StringComparison.Ordinal))
        {
            return null;
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var timeout) && timeout > TimeSpan.Zero
            ? timeout
            : throw new LocalHostException($"functionTimeout in {file} must be hh:mm:ss or -1, not '{text}'.");
    }

    private static Dictionary<string, LogLevel> Levels(JsonElement root)
    {
        var levels = new Dictionary<string, LogLevel>(StringComparer.OrdinalIgnoreCase);
        if (JsonFile.Find(root, "logging", "logLevel") is { ValueKind: JsonValueKind.Object } section)
        {
            foreach (var entry in section.EnumerateObject())
            {
                if (Enum.TryParse<LogLevel>(entry.Value.ToString(), ignoreCase: true, out var level))
                {
                    levels[entry.Name] = level;
                }
            }
        }

        return levels;
    }
}
