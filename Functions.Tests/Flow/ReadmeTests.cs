using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ServerlessAi.Tests.Flow;

/// <summary>What the README tells a newcomer to type, typed in its order.</summary>
[Collection(RunningCopy.Collection)]
public sealed partial class ReadmeTests(RunningCopy copy)
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Azurite.RepositoryRoot(), "README.md"));

    // What an answer shows of these stands, in the commands that follow, for what came in its place.
    private static readonly string[] Standing = ["imageId", "token", "key", "orderId"];

    [Fact]
    public async Task Every_request_of_the_first_session_is_answered_as_shown()
    {
        var examples = Examples().Matches(Readme);
        Assert.True(examples.Count >= 10, "The README has lost its session.");
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Match example in examples)
        {
            var command = ids.Aggregate(example.Groups["command"].Value, (text, id) => text.Replace(id.Key, id.Value, StringComparison.Ordinal));
            var (shown, answer) = (JsonDocument.Parse(example.Groups["answer"].Value).RootElement, JsonDocument.Parse(await RunAsync(command)).RootElement);
            AssertShows(shown, answer, command + answer);
            foreach (var name in Standing.Where(name => shown.TryGetProperty(name, out _)))
            {
                ids[shown.GetProperty(name).GetString()!] = answer.GetProperty(name).GetString()!;
            }
        }
    }

    [Fact]
    public void Every_file_it_links_to_exists() =>
        Assert.All(Links().Matches(Readme), link => Assert.True(Path.Exists(Path.Combine(Azurite.RepositoryRoot(), link.Groups["path"].Value)), link.Value));

    // Shown answers are shortened, and ids, times and sums differ from run to run: names, kinds and truth values must be right.
    private static void AssertShows(JsonElement shown, JsonElement actual, string context)
    {
        var isTruthValue = shown.ValueKind is JsonValueKind.True or JsonValueKind.False;
        Assert.True(shown.ValueKind == actual.ValueKind, $"{shown.ValueKind}, not {actual.ValueKind}: {context}");
        if (shown.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in shown.EnumerateObject())
            {
                Assert.True(actual.TryGetProperty(property.Name, out var value), $"No '{property.Name}': {context}");
                AssertShows(property.Value, value, context);
            }
        }
        else if (shown.ValueKind == JsonValueKind.Array)
        {
            Assert.True(shown.GetArrayLength() <= actual.GetArrayLength(), context);
            foreach (var (one, other) in shown.EnumerateArray().Zip(actual.EnumerateArray()))
            {
                AssertShows(one, other, context);
            }
        }
        else
        {
            Assert.False(isTruthValue && shown.GetBoolean() != actual.GetBoolean(), context);
        }
    }

    // Requests may follow each other faster than a reader types: curl waits as long as Retry-After says.
    private async Task<string> RunAsync(string command)
    {
        var script = command.Replace("curl ", "curl --silent --show-error --fail --retry 5 ", StringComparison.Ordinal)
            .Replace("http://127.0.0.1:7071", copy.Script.Http.BaseAddress!.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        Assert.True(bash.ExitCode == 0, $"{command}: {output}");
        return output;
    }

    [GeneratedRegex(@"```bash\n(?<command>curl [^`]*)```\n```json\n(?<answer>[^`]*)```", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Examples();

    [GeneratedRegex(@"\]\((?!https?:)(?<path>[^)#]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Links();
}
