using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker.LocalHost;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore;

/// <summary>Stands where the published integration puts its own middleware: before the app's, so that results are written after all of them.</summary>
internal static class HttpResultMiddleware
{
    public const string HttpContextKey = "HttpRequestContext";

    public static FunctionExecutionDelegate Wrap(FunctionExecutionDelegate next) => context =>
        context.Features.Get<IHttpRequestFeature>() is { } feature ? InvokeAsync(context, feature.HttpContext, next) : next(context);

    private static async Task InvokeAsync(FunctionContext context, HttpContext http, FunctionExecutionDelegate next)
    {
        context.Items[HttpContextKey] = http;
        await next(context);
        if (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        switch (context.GetInvocationResult().Value)
        {
            case null:
                break;
            case IActionResult result:
                await ExecuteAsync(result, http);
                break;
            case IResult result:
                await result.ExecuteAsync(http);
                break;
            case { } value:
                // The published worker has answered plain objects differently between versions; an app should return a result type.
                await ExecuteAsync(new ObjectResult(value), http);
                break;
        }
    }

    private static Task ExecuteAsync(IActionResult result, HttpContext http) =>
        result.ExecuteResultAsync(new ActionContext(http, http.GetRouteData(), new ActionDescriptor()));
}
