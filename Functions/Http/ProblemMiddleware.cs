using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Functions.Http;

/// <summary>The last catch: what no code expected becomes a problem document instead of a hanging client or an empty answer.</summary>
public sealed partial class ProblemMiddleware(ILogger<ProblemMiddleware> logger) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is not { } http)
        {
            await next(context);
            return;
        }

        RequestId.Assign(http, context.InvocationId);
        OpenAIShape.Choose(http, context.FunctionDefinition.Name);
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            LogCancelled(logger, context.FunctionDefinition.Name);
            Answer(context, http, new Refusal(RefusalCodes.Internal, "The request was cancelled."));
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            Answer(context, http, new Refusal(RefusalCodes.PayloadTooLarge, "The body is too large."));
        }
        catch (BadHttpRequestException)
        {
            Answer(context, http, Refusal.Invalid("The request could not be read."));
        }
        catch (Exception exception) when (StorageFaults.IsUnavailable(exception))
        {
            LogStorage(logger, exception, context.FunctionDefinition.Name);
            Answer(context, http, Refusal.StorageUnavailable());
        }
        catch (Exception exception)
        {
            LogUnhandled(logger, exception, context.FunctionDefinition.Name);
            Answer(context, http, new Refusal(RefusalCodes.Internal, "Something went wrong on our side. The request id finds it in the logs."));
        }
    }

    private static void Answer(FunctionContext context, HttpContext http, Refusal refusal)
    {
        if (http.Response.HasStarted)
        {
            // Half of an answer must not end like a whole one.
            http.Abort();
            return;
        }

        context.GetInvocationResult().Value = Problems.From(refusal, http);
    }

    [LoggerMessage(LogLevel.Information, "{Function} was cancelled by its caller.")]
    private static partial void LogCancelled(ILogger logger, string function);

    [LoggerMessage(LogLevel.Error, "Storage did not answer {Function}.")]
    private static partial void LogStorage(ILogger logger, Exception exception, string function);

    [LoggerMessage(LogLevel.Error, "{Function} failed.")]
    private static partial void LogUnhandled(ILogger logger, Exception exception, string function);
}
