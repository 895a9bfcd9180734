using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>Runs one invocation: its own scope, the app's middleware, then the method.</summary>
internal sealed partial class FunctionInvoker(
    IServiceScopeFactory scopes,
    IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware,
    TimeSpan? timeout,
    TimeProvider time,
    ILogger<FunctionInvoker> log)
{
    private static readonly ActivitySource s_activities = new("Microsoft.Azure.Functions.Worker");

    private readonly FunctionExecutionDelegate _pipeline = middleware.Reverse().Aggregate<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>, FunctionExecutionDelegate>(
        ExecuteAsync, (next, wrap) => wrap(next));

    public async Task InvokeAsync(LocalFunction function, object trigger, IReadOnlyDictionary<string, object?> bindingData, CancellationToken cancellationToken)
    {
        using var activity = s_activities.StartActivity($"function {function.Name}", ActivityKind.Server);
        using var deadline = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        await using var scope = scopes.CreateAsyncScope();
        var context = new LocalFunctionContext(function, scope.ServiceProvider, bindingData, linked.Token);
        context.Features.Set(new PendingCall(function, trigger));
        context.Features.Set<IInvocationResultFeature>(new InvocationResultFeature());
        if (trigger is HttpRequest request)
        {
            request.HttpContext.RequestServices = scope.ServiceProvider;
            context.Features.Set<IHttpRequestFeature>(new HttpRequestFeature(request.HttpContext));
        }

        using var timedOut = deadline.Token.Register(() => LogTimeout(log, function.Name, timeout));
        await _pipeline(context);
    }

    private static async Task ExecuteAsync(FunctionContext context)
    {
        var (function, trigger) = context.Features.Get<PendingCall>()!;
        var arguments = ParameterBinder.Bind(function, trigger, context);
        var instance = function.Method.IsStatic ? null : ActivatorUtilities.CreateInstance(context.InstanceServices, function.Method.DeclaringType!);
        var returned = function.Method.Invoke(instance, BindingFlags.DoNotWrapExceptions, binder: null, arguments, culture: null);
        context.GetInvocationResult().Value = await AwaitAsync(returned);
    }

    private static async Task<object?> AwaitAsync(object? returned)
    {
        switch (returned)
        {
            case ValueTask task:
                await task;
                return null;
            case Task task:
                await task;
                return Result(task);
            default:
                if (returned?.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ValueTask<>))
                {
                    return await AwaitAsync(type.GetMethod(nameof(ValueTask<>.AsTask))!.Invoke(returned, parameters: null));
                }

                return returned;
        }
    }

    /// <summary>A method declared as Task may run as a Task of an internal result type; only what it declares counts.</summary>
    private static object? Result(Task task)
    {
        for (var type = task.GetType(); type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Task<>))
            {
                return type.GetGenericArguments()[0] is { IsVisible: false, Namespace: "System.Threading.Tasks" }
                    ? null
                    : type.GetProperty(nameof(Task<>.Result))!.GetValue(task);
            }
        }

        return null;
    }

    private sealed record PendingCall(LocalFunction Function, object Trigger);

    [LoggerMessage(Level = LogLevel.Error, Message = "Function {Function} passed its time limit of {Limit}; its cancellation token has fired")]
    private static partial void LogTimeout(ILogger logger, string function, TimeSpan? limit);
}
