using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ServerlessAi.Tests.Flow;

/// <summary>One <c>./dev run</c> of the build under test, on ports of its own.</summary>
internal sealed class DevScript : IDisposable
{
    private const int ForStorage = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly Lock PortsGate = new();

    // Below what systems hand out by themselves, and apart for two test runs at once.
    private static int nextPort = 20_000 + Environment.ProcessId % 500 * 16;

    private readonly StringBuilder output = new();
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DevScript(Process process, int port, int storagePort)
    {
        Process = process;
        Port = port;
        StoragePort = storagePort;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Text(port)}"), Timeout = TimeSpan.FromSeconds(30) };
    }

    public const string AdminKey = "local-admin-key-0000";

    public Process Process { get; }

    public int Port { get; }

    public int StoragePort { get; }

    public HttpClient Http { get; }

    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    /// <summary>Starts and waits until it says that it runs.</summary>
    public static async Task<DevScript> StartAsync(string data)
    {
        var script = Begin(data, FreePorts(1), FreePorts(ForStorage));
        var first = await Task.WhenAny(script.ready.Task, script.Process.WaitForExitAsync()).WaitAsync(Patience);
        Assert.True(first == script.ready.Task, script.Output);
        return script;
    }

    /// <summary>Starts what is expected to refuse.</summary>
    public static DevScript Begin(string data, int port, int storagePort)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var start = new ProcessStartInfo("bash", [
            Path.Combine(Azurite.RepositoryRoot(), "dev"), "run", "--port", Text(port), "--storage-port", Text(storagePort), "--data", data,
            "--configuration", configuration, "--no-build", "--no-local-settings"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.Contains("__", StringComparison.Ordinal)).ToList())
        {
            // A developer's own keys and settings stay out of tests.
            start.Environment.Remove(name);
        }

        var script = new DevScript(new Process { StartInfo = start }, port, storagePort);
        script.Process.OutputDataReceived += (_, line) => script.Take(line.Data);
        script.Process.ErrorDataReceived += (_, line) => script.Take(line.Data);
        script.Process.Start();
        script.Process.StandardInput.Close();
        script.Process.BeginOutputReadLine();
        script.Process.BeginErrorReadLine();
        return script;
    }

    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        await Process.WaitForExitAsync().WaitAsync(Patience);
        return Process.ExitCode;
    }

    public async Task<int> StopAsync(string signal)
    {
        await SignalAsync(Process.Id, signal);
        return await EndAsync();
    }

    public static async Task SignalAsync(int processId, string signal) => await ReadAsync("kill", ["-s", signal, Text(processId)]);

    /// <summary>The process among its children whose command line has this text.</summary>
    public async Task<int> ChildAsync(string part) =>
        int.Parse((await ReadAsync("pgrep", ["-P", Text(Process.Id), "-f", "--", part])).Trim(), CultureInfo.InvariantCulture);

    /// <summary>Waits until nothing listens on any of its ports.</summary>
    public async Task WaitUntilSilentAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        foreach (var port in new[] { Port, StoragePort, StoragePort + 1, StoragePort + 2 })
        {
            while (!IsFree(port))
            {
                await Task.Delay(50, deadline.Token);
            }
        }
    }

    public void Dispose()
    {
        Http.Dispose();
        if (!Process.HasExited)
        {
            Process.Kill();
        }

        Process.Dispose();
    }

    private void Take(string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }

        if (line?.StartsWith("  curl ", StringComparison.Ordinal) == true)
        {
            ready.TrySetResult();
        }
    }

    private static int FreePorts(int count)
    {
        lock (PortsGate)
        {
            while (!Enumerable.Range(nextPort, count).All(IsFree))
            {
                nextPort++;
            }

            nextPort += count;
            return nextPort - count;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException busy) when (busy.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }

    private static async Task<string> ReadAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return text;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A copy that several classes of tests share.</summary>
public sealed class RunningCopy : IAsyncLifetime
{
    public const string Collection = "a running copy";

    internal DirectoryInfo Data { get; } = Directory.CreateTempSubdirectory("dev-run-");

    internal DevScript Script { get; private set; } = null!;

    public async Task InitializeAsync() => Script = await DevScript.StartAsync(Data.FullName);

    public async Task DisposeAsync()
    {
        await Script.StopAsync("TERM");
        Script.Dispose();
        Data.Delete(recursive: true);
    }
}

[CollectionDefinition(RunningCopy.Collection)]
public sealed class RunningCopyCollection : ICollectionFixture<RunningCopy>;
