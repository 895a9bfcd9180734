using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ServerlessAi.Tests;

/// <summary>
/// A running storage emulator: blobs, queues and tables on free ports of this machine. Tests share one; a test that needs an outage
/// starts its own. The emulator ends with this process, however that ends: it watches its standard input.
/// </summary>
public sealed partial class Azurite : IAsyncDisposable
{
    private const string AccountName = "devstoreaccount1";

    // The emulator's well-known key, published with it.
    private const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private const string EndWithParent = "process.stdin.resume().on('end',()=>process.kill(process.pid,'SIGTERM'));require(process.argv[1]);";

    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);
    private static readonly Lazy<Task> Installed = new(InstallAsync);
    private static readonly Lazy<Task<Azurite>> Shared = new(() => StartAsync(location: null));

    private readonly ConcurrentDictionary<string, int> _ports = new(StringComparer.Ordinal);
    private readonly string? _location;
    private Process? _process;

    private Azurite(string? location) => _location = location;

    public Uri TableEndpoint => Endpoint("Table");

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={AccountName};AccountKey={AccountKey};" +
        $"BlobEndpoint={Endpoint("Blob")};QueueEndpoint={Endpoint("Queue")};TableEndpoint={TableEndpoint};";

    /// <summary>The instance that all tests of a run share; it keeps its data in memory.</summary>
    public static Task<Azurite> SharedAsync() => Shared.Value;

    /// <summary>A separate instance with its own data, which survives <see cref="StopAsync"/> and <see cref="RestartAsync"/>.</summary>
    public static Task<Azurite> StartOwnAsync() => StartAsync(Directory.CreateTempSubdirectory("azurite-").FullName);

    /// <summary>The folder that holds the solution.</summary>
    public static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ServerlessAi.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }

    /// <summary>Starts again on the same ports, so that clients find it where it was.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await RunAsync();
    }

    /// <summary>Ends the process in order, which writes its data to disk.</summary>
    public async Task StopAsync()
    {
        if (_process is null)
        {
            return;
        }

        using Process process = _process;
        _process = null;
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_location is not null)
        {
            Directory.Delete(_location, recursive: true);
        }
    }

    private static async Task<Azurite> StartAsync(string? location)
    {
        var azurite = new Azurite(location);
        await azurite.RunAsync();
        return azurite;
    }

    private Uri Endpoint(string service) => new($"http://127.0.0.1:{_ports[service].ToString(CultureInfo.InvariantCulture)}/{AccountName}");

    private async Task RunAsync()
    {
        await Installed.Value;
        string program = Path.Combine(RepositoryRoot(), "tools", "node_modules", "azurite", "dist", "src", "azurite.js");

        string[] persistence = _location is null ? ["--inMemoryPersistence"] : ["--location", _location];
        Process process = Start("node", ["-e", EndWithParent, program, "--silent", "--skipApiVersionCheck", "--disableTelemetry", .. Listeners(), .. persistence]);
        _process = process;
        using var patience = new CancellationTokenSource(StartTimeout);
        await ListenAsync(process, patience.Token);

        // Whatever it still prints must be taken, or it blocks on a full pipe.
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
    }

    /// <summary>
    /// Port 0 lets the system choose, so that no two instances collide; a restart asks for the ports it had. Idle connections stay open longer
    /// than a client keeps them: one closed under a client's request would look like a lost reply.
    /// </summary>
    private IEnumerable<string> Listeners() => new[] { "Blob", "Queue", "Table" }.SelectMany(service => new[]
    {
        $"--{service.ToLowerInvariant()}Port",
        _ports.GetValueOrDefault(service).ToString(CultureInfo.InvariantCulture),
        $"--{service.ToLowerInvariant()}KeepAliveTimeout",
        "600",
    });

    private async Task ListenAsync(Process process, CancellationToken cancellationToken)
    {
        var pending = new HashSet<string>(StringComparer.Ordinal) { "Blob", "Queue", "Table" };
        while (pending.Count > 0)
        {
            string? line = await process.StandardOutput.ReadLineAsync(cancellationToken);
            if (line is null)
            {
                throw new InvalidOperationException("Azurite ended: " + await process.StandardError.ReadToEndAsync(cancellationToken));
            }

            Match listening = Listening().Match(line);
            if (listening.Success)
            {
                _ports[listening.Groups["service"].Value] = int.Parse(listening.Groups["port"].Value, CultureInfo.InvariantCulture);
                pending.Remove(listening.Groups["service"].Value);
            }
        }
    }

    // Once, before anybody starts: installing again would take the modules from under a running emulator.
    private static async Task InstallAsync()
    {
        using Process install = Start("node", ["install.mjs"]);
        install.StandardInput.Close();
        Task<string> output = install.StandardOutput.ReadToEndAsync();
        string errors = await install.StandardError.ReadToEndAsync();
        await install.WaitForExitAsync();
        if (install.ExitCode != 0)
        {
            throw new InvalidOperationException($"The emulator could not be installed: {await output}{errors}");
        }
    }

    private static Process Start(string program, string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = Path.Combine(RepositoryRoot(), "tools"),
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    [GeneratedRegex(@"Azurite (?<service>\w+) service is successfully listening at http://127\.0\.0\.1:(?<port>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listening();
}
