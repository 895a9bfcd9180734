using System.Diagnostics;
using System.Text.Json;

namespace ServerlessAi.Tests.Simulation;

/// <summary>The simulated worlds of <c>./dev sim</c>, which need a process of their own with a single thread.</summary>
public sealed class WorldTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Three_hundred_worlds_keep_every_promise()
    {
        var (code, output) = await RunAsync("--seeds", "300");

        Assert.True(code == 0, output);
        Assert.Contains("300 seeds, 0 failed, 0 violations", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_seed_always_makes_the_same_world()
    {
        var once = Digests((await RunAsync("--worker", "--seeds", "20", "--from", "1")).Output);
        var again = Digests((await RunAsync("--worker", "--seeds", "10", "--from", "11")).Output);

        Assert.Equal(20, once.Count);
        Assert.Equal(once[10..], again);
        Assert.Equal(20, once.Distinct().Count());
    }

    private static List<ulong> Digests(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("Digest").GetUInt64())];

    private static async Task<(int Code, string Output)> RunAsync(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ServerlessAi.Simulation.Runs.Campaign).Assembly.Location, .. args])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Limit);
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, output);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
