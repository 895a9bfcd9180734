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
        var ending = new Ending();
        return AnswerInTimeAsync(http, ending, RunAsync(http, ending, function, values));
    }

    private async Task AnswerInTimeAsync(HttpContext http, Ending ending, Task run)
    {
        using var answered = new CancellationTokenSource();
        var limit = Task.Delay(s_answerLimit, time, answered.Token);
        if (await Task.WhenAny(run, limit) == limit && !http.Response.HasStarted && ending.Claim())
        {
            await GiveUpAsync(http);
        }

        await answered.CancelAsync();

        // The function keeps running, as it does in Azure, and its HttpContext must live as long.
        await run;
    }

    private static async Task GiveUpAsync(HttpContext http)
    {
        try
        {
            http.Response.StatusCode = StatusCodes.Status502BadGateway;
            await http.Response.CompleteAsync();
        }
        catch (InvalidOperationException) when (http.Response.HasStarted)
        {
            // The function began to answer in this very moment: its answer stands.
            return;
        }
    }

    private async Task RunAsync(HttpContext http, Ending ending, LocalFunction function, RouteValueDictionary values)
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
            if (ending.Claim())
            {
                Fail(http, failed);
            }
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

    /// <summary>A late answer and a failed run may come together; one of them ends the response.</summary>
    private sealed class Ending
    {
        private bool _claimed;

        public bool Claim() => !Interlocked.Exchange(ref _claimed, true);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Function {Function} failed")]
    private static partial void LogFailed(ILogger logger, Exception failed, string function);

    [LoggerMessage(Level = LogLevel.Information, Message = "Function {Function} stopped: its client went away")]
    private static partial void LogGone(ILogger logger, string function);
}
