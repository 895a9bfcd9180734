using System.Text.RegularExpressions;

namespace ServerlessAi.Tests;

/// <summary>Arrows point one way: Functions → Gateway → rooms → Accounts → primitives. A room never calls back up.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>Which rooms a room may use. What is not here is an arrow that nobody decided on.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new(StringComparer.Ordinal)
    {
        ["Primitives"] = [],
        ["Storage"] = ["Primitives"],
        ["Accounts"] = ["Storage", "Primitives"],
        ["Access"] = ["Storage", "Primitives"],
        ["Notifications"] = ["Access", "Accounts", "Storage", "Primitives"],
        ["Images"] = ["Storage", "Primitives"],
        ["Pricing"] = ["Accounts", "Storage", "Primitives"],
        ["Caching"] = ["Accounts", "Images", "Storage", "Primitives"],
        ["Providers"] = ["Pricing", "Images", "Storage", "Primitives"],
        ["Teams"] = ["Accounts", "Storage", "Primitives"],
        ["Privacy"] = ["Access", "Teams", "Payments", "Notifications", "Accounts", "Storage", "Primitives"],
        ["Plans"] = ["Pricing", "Accounts", "Storage", "Primitives"],
        ["Payments"] = ["Plans", "Accounts", "Storage", "Primitives"],
        ["Reporting"] = ["Plans", "Pricing", "Accounts", "Storage", "Primitives"],
        ["Gateway"] = ["Access", "Pricing", "Caching", "Providers", "Images", "Plans", "Notifications", "Accounts", "Storage", "Primitives"],
    };

    public static IEnumerable<object[]> Rooms => Directory.GetDirectories(Path.Combine(Azurite.RepositoryRoot(), "Core"))
        .Select(folder => Path.GetFileName(folder)!)
        .Where(name => name is not ("bin" or "obj"))
        .Select(name => new object[] { name });

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_rooms_below_it(string room)
    {
        Assert.True(Arrows.TryGetValue(room, out var allowed), $"The room {room} has no place in the order of rooms.");
        var folder = Path.Combine(Azurite.RepositoryRoot(), "Core", room);
        foreach (var file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
        {
            var used = RoomReference().Matches(File.ReadAllText(file)).Select(match => match.Groups["room"].Value).Where(Arrows.ContainsKey);
            Assert.All(used.Where(name => name != room), name => Assert.True(allowed!.Contains(name), $"{Path.GetFileName(file)} in {room} uses {name}."));
        }
    }

    [Fact]
    public void Core_knows_nothing_of_HTTP_requests_and_functions()
    {
        var names = typeof(Gateway).Assembly.GetReferencedAssemblies().Select(assembly => assembly.Name!);

        Assert.DoesNotContain(names, name => name.StartsWith("Microsoft.AspNetCore.Http", StringComparison.Ordinal) || name.StartsWith("Microsoft.Azure.Functions", StringComparison.Ordinal));
    }

    [Fact]
    public void No_source_file_passes_300_lines()
    {
        var files = new[] { "Core", "Functions", "Functions.Tests", "Simulation", "Simulator", "polyfills" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Azurite.RepositoryRoot(), folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

        Assert.All(files, file => Assert.InRange(File.ReadLines(file).Count(), 0, 300));
    }

    [GeneratedRegex(@"(using ServerlessAi\.|(?<![\w.""])(?=(Storage|Accounts|Access|Images|Pricing|Caching|Providers|Notifications)\.[A-Z]))(?<room>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2_000)]
    private static partial Regex RoomReference();
}
