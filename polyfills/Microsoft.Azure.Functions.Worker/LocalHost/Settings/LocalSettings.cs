using System.Text.Json;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>local.settings.json: <c>Values</c> become the app's settings, <c>Host</c> is the local host's own.</summary>
internal sealed record LocalSettings(IReadOnlyDictionary<string, string?> Values, string? Port, string? Cors, bool CorsCredentials)
{
    public static LocalSettings Empty { get; } = new(new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase), Port: null, Cors: null, CorsCredentials: false);

    public static LocalSettings Load(string root)
    {
        var file = Path.Combine(root, "local.settings.json");
        if (!File.Exists(file))
        {
            return Empty;
        }

        using var json = JsonFile.Read(file);
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (JsonFile.Find(json.RootElement, "Values") is { ValueKind: JsonValueKind.Object } section)
        {
            foreach (var entry in section.EnumerateObject())
            {
                if (entry.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                {
                    throw new LocalHostException($"Values in {file} must be flat: '{entry.Name}' is not. Write nested settings as A__B.");
                }

                // Values act as environment variables, where a colon is spelled with two underscores.
                values[entry.Name.Replace("__", ":", StringComparison.Ordinal)] = entry.Value.ToString();
            }
        }

        return new LocalSettings(
            values,
            JsonFile.Find(json.RootElement, "Host", "LocalHttpPort")?.ToString(),
            JsonFile.Find(json.RootElement, "Host", "CORS")?.ToString(),
            JsonFile.Find(json.RootElement, "Host", "CORSCredentials") is { ValueKind: JsonValueKind.True });
    }
}
