using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ServerlessAi.Functions;

namespace ServerlessAi.Tests;

/// <summary>The app as a process of its own, as the platform runs it, on a free port.</summary>
internal sealed partial class AppProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(60);
    private readonly Process process;

    private AppProcess(Process process, Uri address)
    {
        this.process = process;
        Http = new HttpClient { BaseAddress = new Uri(address, "api/"), Timeout = TimeSpan.FromSeconds(60) };
    }

    public HttpClient Http { get; }

    /// <summary>Completes when the process is gone, however it ended.</summary>
    public Task Ended => process.WaitForExitAsync();

    /// <param name="settings">As environment variables; <c>:</c> becomes <c>__</c>.</param>
    public static async Task<AppProcess> StartAsync(IReadOnlyDictionary<string, string?> settings)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(AppHost).Assembly.Location, "--port", "0", "--no-local-settings"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["AZURE_FUNCTIONS_ENVIRONMENT"] = "Development";
        // The runtime's sockets for debuggers would stay behind when the process is killed.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach (var (name, value) in settings)
        {
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var started = Process.Start(start)!;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Kill(started);
        using var patience = new CancellationTokenSource(StartLimit);
        var output = new List<string>();
        while (await started.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            output.Add(line);
            if (Listening().Match(line) is { Success: true } match)
            {
                // Whatever it still prints must be taken, or it blocks on a full pipe.
                _ = started.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                _ = started.StandardError.BaseStream.CopyToAsync(Stream.Null);
                return new AppProcess(started, new Uri(match.Groups["url"].Value));
            }
        }

        throw new InvalidOperationException("The app ended: " + string.Join('\n', output) + await started.StandardError.ReadToEndAsync(patience.Token));
    }

    /// <summary>Ends the process with SIGKILL, in the middle of whatever it does.</summary>
    public Task KillAsync()
    {
        Kill(process);
        return process.WaitForExitAsync();
    }

    /// <summary>Asks the process to end, as the platform does.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <returns>The exit code.</returns>
    public async Task<int> EndedAsync()
    {
        using var patience = new CancellationTokenSource(EndLimit);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await KillAsync();
        process.Dispose();
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    [GeneratedRegex(@"listening on: (?<url>http://127\.0\.0\.1:\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Listening();
}
