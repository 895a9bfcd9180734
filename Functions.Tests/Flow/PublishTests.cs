using System.Diagnostics;

namespace ServerlessAi.Tests.Flow;

public sealed class PublishTests
{
    private static string Project => Path.Combine(Azurite.RepositoryRoot(), "Functions");

    private static DirectoryInfo Build => new(AppContext.BaseDirectory);

    [Fact]
    public async Task Publishing_the_polyfills_is_refused_with_the_way_out()
    {
        var output = Directory.CreateTempSubdirectory("publish-");
        var start = new ProcessStartInfo("dotnet", ["publish", Project, "-c", Build.Parent!.Name, "--no-build", "-nodeReuse:false", "-o", output.FullName])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["AzurePackages"] = "polyfill";
        using var publish = Process.Start(start)!;
        var text = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        Assert.NotEqual(0, publish.ExitCode);
        Assert.Contains("Publish with: dotnet publish Functions -c Release -p:AzurePackages=nuget", text, StringComparison.Ordinal);
        Assert.Empty(output.EnumerateFileSystemInfos());
        output.Delete();
    }

    [Fact]
    public void The_hosts_settings_lie_beside_the_app() =>
        Assert.Equal(
            File.ReadAllText(Path.Combine(Azurite.RepositoryRoot(), "host.json")),
            File.ReadAllText(Path.Combine(Project, "bin", Build.Parent!.Name, Build.Name, "host.json")));
}
