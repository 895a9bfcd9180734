using System.Text.Json;

namespace ServerlessAi.Providers;

/// <summary>One call with a deadline, whose troubles come back as failures.</summary>
internal static class ProviderCall
{
    /// <remarks>The client's own token plays no part: once admitted, a call is seen through, so that what it costs is known.</remarks>
    public static async Task<ProviderOutcome<T>> MakeAsync<T>(Func<CancellationToken, Task<ProviderOutcome<T>>> call, TimeSpan timeout, TimeProvider time)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        try
        {
            return await call(deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return ProviderOutcome<T>.Failed(ProviderFailure.Timeout, $"No answer within {(int)timeout.TotalMilliseconds} ms.");
        }
        catch (OperationCanceledException exception) when (exception.InnerException is TimeoutException)
        {
            // How the network stack says that no connection was made in time.
            return ProviderOutcome<T>.Failed(ProviderFailure.Unavailable, exception.Message);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return ProviderOutcome<T>.Failed(VendorErrors.FromNetwork(exception), exception.Message);
        }
        catch (JsonException)
        {
            return ProviderOutcome<T>.Failed(ProviderFailure.BadAnswer, "The answer is not the JSON that the vendor documents.");
        }
    }
}
