using Azure.Core;
using Azure.Core.Pipeline;

namespace ServerlessAi.Storage;

/// <summary>Sends a request again when the service could not take it, after pauses that double. Unlike the SDK's own policy it waits in the app's time.</summary>
/// <param name="retries">Tries after the first; 0 for rows whose writer must know whether an earlier try may have arrived.</param>
internal sealed class Retrying(int retries, TimeSpan pause, TimeProvider time) : HttpPipelinePolicy
{
    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        for (var left = retries; ; left--)
        {
            try
            {
                await ProcessNextAsync(message, pipeline);
                if (left == 0 || !message.ResponseClassifier.IsRetriableResponse(message))
                {
                    return;
                }
            }
            catch (Exception exception) when (left > 0 && message.ResponseClassifier.IsRetriable(message, exception))
            {
                // Tried again below.
            }

            await Task.Delay(pause * (1 << (retries - left)), time, message.CancellationToken);
        }
    }

    /// <exception cref="NotSupportedException">Always: nothing here reads storage synchronously.</exception>
    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("Storage is used asynchronously.");
}
