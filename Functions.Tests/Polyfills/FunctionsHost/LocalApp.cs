using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

/// <summary>A real local host on a free port, serving only the classes a test names, in a folder of its own.</summary>
internal sealed class LocalApp : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;

    private LocalApp(IHost host, DirectoryInfo folder, CapturedLogs logs)
    {
        Host = host;
        Logs = logs;
        _folder = folder;
    }

    public IHost Host { get; }

    public CapturedLogs Logs { get; }

    public HttpClient Http { get; private set; } = null!;

    public Uri Address => new(Host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<LocalApp> StartAsync(LocalAppOptions options, params Type[] functions)
    {
        var app = Build(options, functions);
        try
        {
            await app.Host.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        app.Http = new HttpClient { BaseAddress = app.Address, Timeout = TimeSpan.FromSeconds(30) };
        return app;
    }

    public static Task<LocalApp> StartAsync(params Type[] functions) => StartAsync(new LocalAppOptions(), functions);

    public async Task<IReadOnlyList<string>> ErrorsAsync()
    {
        var status = await Http.GetFromJsonAsync<JsonElement>("/admin/host/status");
        return [.. status.GetProperty("errors").EnumerateArray().Select(e => e.GetString()!)];
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        await ((IAsyncDisposable)Host).DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static LocalApp Build(LocalAppOptions options, Type[] functions)
    {
        var folder = Directory.CreateTempSubdirectory("functions-host-");
        File.WriteAllText(Path.Combine(folder.FullName, "host.json"), options.HostJson);
        if (options.LocalSettings is not null)
        {
            File.WriteAllText(Path.Combine(folder.FullName, "local.settings.json"), options.LocalSettings);
        }

        var builder = FunctionsApplication.CreateBuilder(["--port", "0", "--script-root", folder.FullName, .. options.Args], functions);
        var logs = new CapturedLogs();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(logs);
        builder.ConfigureFunctionsWebApplication();
        options.Configure?.Invoke(builder);
        return new LocalApp(builder.Build(), folder, logs);
    }
}

internal sealed record LocalAppOptions
{
    public string HostJson { get; init; } = """{ "version": "2.0" }""";

    public string? LocalSettings { get; init; }

    public string[] Args { get; init; } = [];

    public Action<FunctionsApplicationBuilder>? Configure { get; init; }
}

internal sealed class CapturedLogs : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly List<(LogLevel Level, string Text)> _lines = [];

    public IReadOnlyList<(LogLevel Level, string Text)> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose()
    {
        // Nothing is held.
    }

    private sealed class Logger(CapturedLogs owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (owner._lock)
            {
                owner._lines.Add((logLevel, formatter(state, exception)));
            }
        }
    }
}
