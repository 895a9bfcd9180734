using Microsoft.Extensions.Options;

namespace ServerlessAi.Providers;

/// <summary>
/// fal.ai's queue, fal.ai/docs/documentation/model-apis/inference/queue: submit, ask for the status until it is done, fetch the result. Better for models
/// that take long or are busy: a request waits there where the direct endpoint answers 503.
/// </summary>
/// <remarks>
/// What is not waited for any longer is taken out of the queue, fal.ai/docs/inference-api/queue/cancel: <c>PUT .../cancel</c>, whose
/// <c>{"status":"OK"}</c> says that it was removed before it began, and <c>CANCELLATION_REQUESTED</c> that a runner was told to stop.
/// </remarks>
internal sealed class FalQueue(FalApi api, IOptions<ProviderOptions> options, TimeProvider time)
{
    // On top of the time that the call had; the request's own time has room for it.
    private static readonly TimeSpan CancelPatience = TimeSpan.FromSeconds(3);

    private readonly FalProviderOptions settings = options.Value.Fal;

    private sealed record Submitted(string? RequestId, string? StatusUrl, string? ResponseUrl, string? CancelUrl);

    private sealed record Cancelled(string? Status);

    private sealed record Progress(string? Status, string? Error, string? ErrorType);

    /// <param name="input">Makes the model's input.</param>
    public async Task<ProviderOutcome<T>> RunAsync<T>(string model, Func<HttpContent> input, CancellationToken cancellationToken)
        where T : class
    {
        var submitted = await api.SendAsync<Submitted>(HttpMethod.Post, $"{settings.QueueBaseUrl.TrimEnd('/')}/{model}", input(), cancellationToken);
        if (submitted.Value is not { } request)
        {
            return submitted.As<T>();
        }

        // They get our key, so they must be the queue's own.
        if (!IsOfQueue(request.StatusUrl) || !IsOfQueue(request.ResponseUrl))
        {
            return ProviderOutcome<T>.Failed(ProviderFailure.BadAnswer, "The queue's answer does not say where the result will be.");
        }

        try
        {
            return await AwaitAsync(request.StatusUrl!, cancellationToken) is { } failed
                ? failed.As<T>()
                : await api.SendAsync<T>(HttpMethod.Get, request.ResponseUrl!, content: null, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && IsOfQueue(request.CancelUrl))
        {
            if (!await CancelAsync(request.CancelUrl!))
            {
                throw;
            }

            return ProviderOutcome<T>.Failed(ProviderFailure.Overloaded, "The request was still in the queue when its time was over, and was taken out.");
        }
    }

    /// <returns>True when it was removed before it began, and so cost nothing.</returns>
    private async Task<bool> CancelAsync(string url)
    {
        using var patience = new CancellationTokenSource(CancelPatience, time);
        try
        {
            var outcome = await VendorErrors.GuardAsync(() => api.SendAsync<Cancelled>(HttpMethod.Put, url, content: null, patience.Token));
            return outcome.Value is { Status: "OK" };
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            // Then it runs, and may be billed, as if nobody had tried.
            return false;
        }
    }

    /// <returns>Null when the result is there.</returns>
    private async Task<ProviderOutcome<Progress>?> AwaitAsync(string url, CancellationToken cancellationToken)
    {
        // Bounded by the time that the call has, at whose end the token ends this.
        while (true)
        {
            var outcome = await VendorErrors.GuardAsync(() => api.SendAsync<Progress>(HttpMethod.Get, url, content: null, cancellationToken));
            switch (outcome)
            {
                case { Value: { Status: "COMPLETED", ErrorType: null, Error: null } }:
                    return null;
                case { Value: { Status: "COMPLETED" } done }:
                    return ProviderOutcome<Progress>.Failed(FailureOf(done.ErrorType), VendorErrors.Shorten(done.Error ?? done.ErrorType, settings.ApiKey));
                case { Value.Status: "IN_QUEUE" or "IN_PROGRESS" }:
                // The request is in the queue whether or not its status can be read now.
                case { Failure: ProviderFailure.Unavailable or ProviderFailure.Overloaded or ProviderFailure.RateLimited or ProviderFailure.ConnectionLost or ProviderFailure.Timeout }:
                    await Task.Delay(TimeSpan.FromMilliseconds(settings.PollMs), time, cancellationToken);
                    break;
                default:
                    // It was accepted, so it may run and be billed.
                    return ProviderOutcome<Progress>.Failed(ProviderFailure.BadAnswer, outcome.Detail ?? "The queue answers with a status that is not documented.");
            }
        }
    }

    // fal.ai/docs/documentation/model-apis/errors: what the platform could not do, it does not bill.
    private static ProviderFailure FailureOf(string? errorType) => errorType switch
    {
        "content_policy_violation" => ProviderFailure.ContentRefused,
        "runner_scheduling_failure" or "runner_scheduling_timeout" => ProviderFailure.Overloaded,
        "client_disconnected" or "client_cancelled" or "bad_request" => ProviderFailure.InvalidRequest,
        _ => ProviderFailure.Unavailable,
    };

    private bool IsOfQueue(string? url) => Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && string.Equals(uri.GetLeftPart(UriPartial.Authority), new Uri(settings.QueueBaseUrl).GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase);
}
