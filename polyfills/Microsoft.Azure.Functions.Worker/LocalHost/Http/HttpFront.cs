using System.Collections.ObjectModel;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>Every request: CORS, the host's own /admin, the route, the key, the function.</summary>
internal sealed partial class HttpFront(
    RouteTable routes, AdminEndpoints admin, Cors? cors, Keys? keys, FunctionInvoker invoker, TimeProvider time, ILogger<HttpFront> log)
{
    /// <summary>Azure's load balancer gives up on a silent answer then, whatever functionTimeout says, and answers 502 in the app's place.</summary>
    private static readonly TimeSpan s_answerLimit = TimeSpan.FromSeconds(230);

    public Task HandleAsync(HttpContext http)
    {
        if (cors?.Answer(http) == true)
        {
            return Task.CompletedTask;
        }

        if (http.Request.Path.StartsWithSegments("/admin", out var rest))
        {
            return admin.HandleAsync(http, rest);
        }

        if (!routes.TryMatch(http, out var function, out var values))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        if (keys?.Allows(http.Request, function.Http!.AuthLevel, function.Name) == false)
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }

        http.Request.RouteValues = values;
        return AnswerInTimeAsync(http, RunAsync(http, function, values));
    }

    private async Task AnswerInTimeAsync(HttpContext http, Task run)
    {
        using var answered = new CancellationTokenSource();
        var limit = Task.Delay(s_answerLimit, time, answered.Token);
        if (await Task.WhenAny(run, limit) == limit && !http.Response.HasStarted)
        {
            // The function keeps running, as it does in Azure; only the client is told that nobody waits any longer.
            http.Response.StatusCode = StatusCodes.Status502BadGateway;
            await http.Response.CompleteAsync();
        }

        await answered.CancelAsync();
        await run;
    }

    private async Task RunAsync(HttpContext http, LocalFunction function, RouteValueDictionary values)
    {
        try
        {
            var data = new ReadOnlyDictionary<string, object?>(values.ToDictionary(StringComparer.OrdinalIgnoreCase));
            await invoker.InvokeAsync(function, http.Request, data, http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            LogGone(log, function.Name);
        }
        catch (Exception failed)
        {
            // The last line of defence: whatever a function throws becomes an answer, so that no client waits or takes silence for success.
            LogFailed(log, failed, function.Name);
            Fail(http, failed);
        }
    }

    private static void Fail(HttpContext http, Exception failed)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        http.Response.Clear();
        http.Response.StatusCode = failed is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Function {Function} failed")]
    private static partial void LogFailed(ILogger logger, Exception failed, string function);

    [LoggerMessage(Level = LogLevel.Information, Message = "Function {Function} stopped: its client went away")]
    private static partial void LogGone(ILogger logger, string function);
}
