using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>Everything between CreateBuilder and Build: where settings come from and what the web server is.</summary>
internal sealed class LocalHostSetup
{
    /// <summary>The worker's Kestrel limit; a function that reads more gets a BadHttpRequestException with status 413.</summary>
    private const long BodyLimitBytes = 30_000_000;

    private readonly IReadOnlyList<Type> _classes;
    private readonly bool _ownsProcess;
    private readonly Arguments _arguments;
    private readonly string _root;
    private readonly HostJson _hostJson;
    private readonly LocalSettings _local;

    private LocalHostSetup(string[] args, IReadOnlyList<Type> classes, bool ownsProcess)
    {
        _classes = classes;
        _ownsProcess = ownsProcess;
        _arguments = Arguments.Parse(args);
        _root = Path.GetFullPath(_arguments.ScriptRoot ?? DefaultRoot());
        _hostJson = HostJson.Load(_root);
        _local = _arguments.UseLocalSettings ? LocalSettings.Load(_root) : LocalSettings.Empty;
    }

    public static LocalHostSetup Create(string[] args, IReadOnlyList<Type> classes, bool ownsProcess) =>
        StartRefusal.Guard(ownsProcess, () => new LocalHostSetup(args, classes, ownsProcess));

    public WebApplicationBuilder CreateWebBuilder()
    {
        var environment = Environment.GetEnvironmentVariable("AZURE_FUNCTIONS_ENVIRONMENT")
            ?? Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT")
            ?? Environments.Development;
        var web = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = _root, EnvironmentName = environment });
        web.Configuration.AddInMemoryCollection(_local.Values);
        web.Configuration.AddEnvironmentVariables();
        web.Configuration.AddCommandLine(_arguments.Rest);
        web.Configuration.AddInMemoryCollection(_arguments.Settings);
        web.Host.UseDefaultServiceProvider(options => options.ValidateScopes = options.ValidateOnBuild = web.Environment.IsDevelopment());
        AddLogging(web.Logging);
        web.Services.AddRouting();
        web.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyLimitBytes;
            kestrel.Listen(IPAddress.Loopback, kestrel.ApplicationServices.GetRequiredService<HostSettings>().Port);
        });
        return web;
    }

    public IHost Build(
        WebApplicationBuilder web, IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware, bool servesHttp)
    {
        web.Services.AddSingleton(services => HostSettings.From(services.GetRequiredService<IConfiguration>(), _hostJson, _local));
        web.Services.AddSingleton(services => new LocalRuntime(services, services.GetRequiredService<HostSettings>(), _classes, middleware));
        web.Services.AddHostedService(services => services.GetRequiredService<LocalRuntime>().Timers);

        // Building already asks for the port; everything else waits for the start.
        var app = StartRefusal.Guard(_ownsProcess, web.Build);
        // As the worker's integration does behind the real host. Like there, only the last entry counts, and only from this machine.
        app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All });
        ((IApplicationBuilder)app).Run(http => http.RequestServices.GetRequiredService<LocalRuntime>().Front.HandleAsync(http));
        return new LocalFunctionsHost(app, servesHttp, _ownsProcess);
    }

    private static string DefaultRoot() =>
        File.Exists(Path.Combine(AppContext.BaseDirectory, "host.json")) ? AppContext.BaseDirectory : Directory.GetCurrentDirectory();

    private void AddLogging(ILoggingBuilder logging)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.UseUtcTimestamp = true;
        });
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        foreach (var (category, level) in _hostJson.LogLevels)
        {
            logging.AddFilter(string.Equals(category, "default", StringComparison.OrdinalIgnoreCase) ? null : category, level);
        }
    }
}
