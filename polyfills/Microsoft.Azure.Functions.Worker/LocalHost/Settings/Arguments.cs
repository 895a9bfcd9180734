using System.Globalization;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>The host's own command line; everything else goes on to the app's configuration.</summary>
internal sealed record Arguments(string? ScriptRoot, bool UseLocalSettings, IReadOnlyDictionary<string, string?> Settings, string[] Rest)
{
    public static Arguments Parse(IReadOnlyList<string> args)
    {
        string? root = null;
        var useLocalSettings = true;
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var rest = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var (name, inline) = Split(args[i]);
            string Value() => inline ?? (++i < args.Count ? args[i] : throw new LocalHostException($"{name} needs a value."));
            switch (name)
            {
                case "--port":
                    settings[HostSettings.PortKey] = Port(Value());
                    break;
                case "--data":
                    settings[HostSettings.DataKey] = Value();
                    break;
                case "--enable-auth":
                    settings[HostSettings.EnableAuthKey] = "true";
                    break;
                case "--script-root":
                    root = Value();
                    break;
                case "--no-local-settings":
                    useLocalSettings = false;
                    break;
                default:
                    rest.Add(args[i]);
                    break;
            }
        }

        return new Arguments(root, useLocalSettings, settings, [.. rest]);
    }

    private static (string Name, string? Value) Split(string argument) =>
        argument.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (argument[..at], argument[(at + 1)..]) : (argument, null);

    private static string Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535
            ? text
            : throw new LocalHostException($"--port needs a number from 0 to 65535, not '{text}'.");
}
