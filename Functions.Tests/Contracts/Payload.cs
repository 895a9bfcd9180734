using System.Text.Json;
using System.Text.Json.Nodes;

namespace ServerlessAi.Tests.Contracts;

/// <summary>The example payloads, <c>Contracts/Payloads/*.json</c>: whole bodies, each value of them exact.</summary>
internal static class Payload
{
    private static readonly JsonDocumentOptions Reading = new() { AllowDuplicateProperties = false };

    private static string Folder => Path.Combine(Azurite.RepositoryRoot(), "Functions.Tests", "Contracts", "Payloads");

    public static IEnumerable<string> Names => Directory.EnumerateFiles(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)!);

    /// <summary>The body is what the payload's file says: every member by name, type and value, in any order of members; nothing more, nothing less.</summary>
    public static void AssertIs(string name, Reply reply) => AssertSame(File.ReadAllText(Path.Combine(Folder, name + ".json")), reply.Body);

    /// <inheritdoc cref="AssertIs"/>
    public static void AssertSame(string expected, JsonElement actual)
    {
        var (wanted, seen) = (JsonNode.Parse(expected, documentOptions: Reading), JsonNode.Parse(actual.GetRawText(), documentOptions: Reading));
        var differences = Differences("$", wanted, seen).ToList();
        Assert.True(differences.Count == 0, string.Join('\n', differences) + "\n" + actual.GetRawText());
    }

    /// <summary>What differs, a path each: <c>$.data.alerts[0].limit is 500, not 400</c>.</summary>
    public static IEnumerable<string> Differences(string path, JsonNode? wanted, JsonNode? seen) => (wanted, seen) switch
    {
        (JsonObject one, JsonObject other) => one.Select(pair => pair.Key).Union(other.Select(pair => pair.Key), StringComparer.Ordinal).SelectMany(
            name => !one.ContainsKey(name) ? [$"{path}.{name} is not expected"] : !other.ContainsKey(name) ? [$"{path}.{name} is missing"] : Differences($"{path}.{name}", one[name], other[name])),
        (JsonArray one, JsonArray other) when one.Count == other.Count => one.Zip(other).SelectMany((pair, i) => Differences($"{path}[{i}]", pair.First, pair.Second)),
        (JsonArray one, JsonArray other) => [$"{path} has {other.Count} elements, not {one.Count}"],
        (JsonValue one, JsonValue other) when one.GetValueKind() == JsonValueKind.Number && other.GetValueKind() == JsonValueKind.Number =>
            one.GetValue<decimal>() == other.GetValue<decimal>() ? [] : [$"{path} is {other}, not {one}"],
        _ => JsonNode.DeepEquals(wanted, seen) ? [] : [$"{path} is {seen?.ToJsonString() ?? "null"}, not {wanted?.ToJsonString() ?? "null"}"],
    };
}
