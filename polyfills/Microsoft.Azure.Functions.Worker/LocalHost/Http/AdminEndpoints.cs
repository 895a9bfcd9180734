using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>The part of the host's /admin that a developer or a probe uses.</summary>
internal sealed class AdminEndpoints(
    FoundFunctions found, TimersService timers, Keys? keys, string routePrefix, Func<LocalFunction, bool> isServed, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    public Task HandleAsync(HttpContext http, PathString path)
    {
        var segments = path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (Is(segments, "host", "ping"))
        {
            return Task.CompletedTask;
        }

        if (keys?.Allows(http.Request, AuthorizationLevel.Admin, functionName: null) == false)
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }

        if (HttpMethods.IsGet(http.Request.Method))
        {
            return GetAsync(http, segments);
        }

        if (HttpMethods.IsPost(http.Request.Method) && segments.Length == 2 && Is(segments[..1], "functions"))
        {
            return RunAsync(http, segments[1]);
        }

        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private Task GetAsync(HttpContext http, string[] segments)
    {
        if (Is(segments, "host", "status"))
        {
            return http.Response.WriteAsJsonAsync(Status());
        }

        if (Is(segments, "functions"))
        {
            return http.Response.WriteAsJsonAsync(found.Functions.Select(f => Describe(f, http.Request)));
        }

        if (segments.Length == 2 && Is(segments[..1], "functions") && Find(segments[1]) is { } function)
        {
            return http.Response.WriteAsJsonAsync(Describe(function, http.Request));
        }

        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private object Status() => new
    {
        id = Environment.MachineName.ToLowerInvariant(),
        state = "Running",
        version = typeof(AdminEndpoints).Assembly.GetName().Version!.ToString(),
        versionDetails = "local host of the worker polyfill",
        processUptime = (long)time.GetElapsedTime(_started).TotalMilliseconds,
        processId = Environment.ProcessId,
        errors = found.Errors.Select(e => $"{e.Function}: {e.Message}"),
    };

    private object Describe(LocalFunction function, HttpRequest request) => new
    {
        name = function.Name,
        language = "dotnet-isolated",
        isDisabled = !isServed(function),
        invoke_url_template = function.Http is null ? "" : $"{request.Scheme}://{request.Host}/{(routePrefix.Length == 0 ? "" : routePrefix + "/")}{function.Route}",
        config = new
        {
            entryPoint = function.Definition.EntryPoint,
            bindings = new[]
            {
                new
                {
                    name = function.TriggerParameter,
                    type = function.TriggerType,
                    direction = "in",
                    authLevel = function.Http?.AuthLevel.ToString(),
                    methods = function.Http?.Methods,
                    route = function.Http?.Route,
                    schedule = function.Timer?.Schedule,
                },
            },
        },
    };

    private async Task RunAsync(HttpContext http, string name)
    {
        if (Find(name) is not { } function)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // Functions with another trigger have their own door; running them from here is left to the real host.
        http.Response.StatusCode = await HasObjectAsync(http) && timers.TryRunNow(function) ? StatusCodes.Status202Accepted : StatusCodes.Status400BadRequest;
    }

    private static async Task<bool> HasObjectAsync(HttpContext http)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted);
            return body.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException malformed)
        {
            // The answer, 400, says all there is to say.
            Debug.WriteLine(malformed.Message);
            return false;
        }
    }

    private LocalFunction? Find(string name) => found.Functions.FirstOrDefault(f => string.Equals(f.Name, name, StringComparison.OrdinalIgnoreCase));

    private static bool Is(string[] segments, params ReadOnlySpan<string> expected)
    {
        if (segments.Length != expected.Length)
        {
            return false;
        }

        for (var i = 0; i < segments.Length; i++)
        {
            if (!string.Equals(segments[i], expected[i], StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return true;
    }
}
