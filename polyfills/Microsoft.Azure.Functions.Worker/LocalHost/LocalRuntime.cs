using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>The running host's parts, put together once the app's services and configuration are complete.</summary>
internal sealed partial class LocalRuntime
{
    private readonly Keys? _keys;
    private readonly Func<LocalFunction, bool> _isServed;

    public LocalRuntime(
        IServiceProvider services,
        HostSettings settings,
        IReadOnlyList<Type> classes,
        IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware)
    {
        var configuration = services.GetRequiredService<IConfiguration>();
        var logs = services.GetRequiredService<ILoggerFactory>();
        var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var invoker = new FunctionInvoker(
            services.GetRequiredService<IServiceScopeFactory>(), middleware, settings.FunctionTimeout, time, logs.CreateLogger<FunctionInvoker>());
        _isServed = function => !HostSettings.IsDisabled(configuration, function.Name);
        Settings = settings;
        (Found, var schedules) = ReadSchedules(FunctionFinder.Find(classes), configuration);
        var monitor = new ScheduleMonitor(settings.DataFolder);
        Timers = new TimersService(
            schedules.ToDictionary(s => s.Key, s => new TimerRunner(s.Key, s.Value, monitor, invoker, time, logs.CreateLogger<TimerRunner>())),
            _isServed,
            logs.CreateLogger<TimersService>());
        _keys = settings.EnableAuth ? new Keys(configuration) : null;
        var resolver = new DefaultInlineConstraintResolver(services.GetRequiredService<IOptions<RouteOptions>>(), services);
        Front = new HttpFront(
            new RouteTable(Found.Functions, settings.RoutePrefix, resolver, _isServed),
            new AdminEndpoints(Found, Timers, _keys, settings.RoutePrefix, _isServed, time),
            string.IsNullOrWhiteSpace(settings.Cors) ? null : new Cors(settings.Cors, settings.CorsCredentials),
            _keys,
            invoker,
            time,
            logs.CreateLogger<HttpFront>());
    }

    public HostSettings Settings { get; }

    public FoundFunctions Found { get; }

    public TimersService Timers { get; }

    public HttpFront Front { get; }

    /// <summary>The list that Core Tools prints.</summary>
    public void LogFunctions(ILogger log, string address)
    {
        foreach (var error in Found.Errors)
        {
            LogSkipped(log, error.Function, error.Message);
        }

        var prefix = Settings.RoutePrefix.Length == 0 ? "" : Settings.RoutePrefix + "/";
        foreach (var function in Found.Functions)
        {
            var disabled = _isServed(function) ? "" : " (disabled)";
            LogFunction(log, function.Name, function.Http is null
                ? $"{function.TriggerType}{disabled}"
                : $"[{(function.Methods.Count == 0 ? "ANY" : string.Join(',', function.Methods))}] {address}/{prefix}{function.Route}{disabled}");
        }

        if (_keys is not null)
        {
            LogKeys(log, _keys.Master, _keys.Host);
        }
    }

    private static (FoundFunctions Found, Dictionary<LocalFunction, TimerSchedule> Schedules) ReadSchedules(FoundFunctions found, IConfiguration configuration)
    {
        var schedules = new Dictionary<LocalFunction, TimerSchedule>();
        var errors = found.Errors.ToList();
        foreach (var function in found.Functions.Where(f => f.Timer is not null))
        {
            if (TimerSchedule.Parse(function.Timer!.Schedule, configuration, out var error) is { } schedule)
            {
                schedules[function] = schedule;
            }
            else
            {
                errors.Add(new FunctionError(function.Name, error!));
            }
        }

        return (new FoundFunctions([.. found.Functions.Where(f => f.Timer is null || schedules.ContainsKey(f))], errors), schedules);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The function '{Function}' is skipped: {Reason}")]
    private static partial void LogSkipped(ILogger logger, string function, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Function}: {Door}")]
    private static partial void LogFunction(ILogger logger, string function, string door);

    [LoggerMessage(Level = LogLevel.Information, Message = "Keys are checked. Master key: {Master}  host key: {Host}")]
    private static partial void LogKeys(ILogger logger, string master, string host);
}
