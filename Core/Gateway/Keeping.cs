using Microsoft.Extensions.Logging;
using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Storage;

namespace ServerlessAi;

/// <summary>Makes answers last before they are charged: what an idempotency key is charged for it must be able to give again.</summary>
public sealed partial class Keeping(AnswerTexts texts, TimeProvider time, ILogger<Keeping> logger)
{
    /// <returns>Null when storage does not take what has to be kept; then nothing may be charged.</returns>
    public async Task<CachedAnswer?> KeepAsync<TRequest, TProduct>(Work<TRequest, TProduct> work, TProduct product, UsageFacts usage, Hold hold)
        where TRequest : GatewayRequest
        where TProduct : class
    {
        try
        {
            var answer = await work.KeepAsync(product, usage, hold, time.GetUtcNow());
            // Without a key only the cache wants a long text, and does without when it must.
            return hold.Claim is null ? answer : await texts.KeepAsync(answer, CancellationToken.None);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception))
        {
            LogNotKept(logger, exception, hold.OperationId);
            return null;
        }
    }

    /// <summary>The same for an answer from the cache that a key is to own.</summary>
    public async Task<CachedAnswer?> KeepAsync(CachedAnswer known, string operationId)
    {
        try
        {
            return await texts.KeepAsync(known, CancellationToken.None);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception))
        {
            LogNotKept(logger, exception, operationId);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Error, "The product of operation {OperationId} could not be kept; nothing is charged for it.")]
    private static partial void LogNotKept(ILogger logger, Exception exception, string operationId);
}
