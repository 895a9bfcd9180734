using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Functions.Http;
using ServerlessAi.Images;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Generation;

/// <summary>
/// Waits for an image, and answers 202 with the URL of it when it takes too long. The work goes on: from its hold on it depends on nobody. That URL
/// tells, on any instance, how it stands.
/// </summary>
public sealed partial class ImageJobs(
    Gateway gateway, ImageWork work, BillableRequests requests, KeyedAnswers answers, IImageStore images, IOptions<ImageOptions> options, TimeProvider time, ILogger<ImageJobs> logger)
{
    private readonly TimeSpan patience = TimeSpan.FromMilliseconds(options.Value.JobAfterMs);

    public async Task<IActionResult> AnswerAsync(HttpRequest http, ImageRequest request, CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var serving = gateway.ServeAsync(work, request with { Started = id => started.TrySetResult(id) }, cancellationToken);
        using (var waiting = new CancellationTokenSource())
        {
            await Task.WhenAny(serving, Task.Delay(patience, time, waiting.Token));
            await waiting.CancelAsync();
        }

        // A request that waits for an identical one has nothing yet that could be asked for.
        await Task.WhenAny(serving, started.Task);
        if (!serving.IsCompleted)
        {
            _ = FinishAsync(request, serving);
            return ImageJobAnswers.Running(http, await started.Task, segments: 1);
        }

        var served = await serving;
        return JobOf(served) is { } job
            ? ImageJobAnswers.Running(http, job, segments: 1)
            : await requests.SendAsync(http, request, served, answer => WriteAsync(answer, cancellationToken));
    }

    // A repetition of a request that was answered with its job gets the same answer.
    private string? JobOf(Answer<Served> served) =>
        served.Refusal is { Code: RefusalCodes.IdempotencyInFlight } refusal
        && refusal.Facts.GetValueOrDefault(Replays.StartedFact) is DateTimeOffset startedAt && time.GetUtcNow() - startedAt >= patience
            ? refusal.Facts.GetValueOrDefault(Replays.OperationFact) as string
            : null;

    /// <summary>What is left to do when nobody waits any more: the answer is kept for its idempotency key.</summary>
    private async Task FinishAsync(ImageRequest request, Task<Answer<Served>> serving)
    {
        try
        {
            var served = await serving;
            if (served.Succeeded && request.Claim is not null)
            {
                await answers.KeepAsync(request.Caller.AccountId, request.Claim, served.Value, await WriteAsync(served.Value, CancellationToken.None));
            }
        }
        catch (Exception exception)
        {
            // Nobody else would hear of it; its hold is released, and whoever asks for the job is told that.
            LogFailed(logger, exception);
        }
    }

    private async ValueTask<string> WriteAsync(Served served, CancellationToken cancellationToken) =>
        JsonSerializer.Serialize(ImageOutput.Of(served, await images.GetReadUrlAsync(served.Answer.Image!, served.At, cancellationToken)), Wire.Json);

    [LoggerMessage(LogLevel.Error, "An image that was answered with its job failed.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

/// <param name="Url">Where to ask, and where the image will be: an absolute path.</param>
public sealed record ImageJobOutput(string ImageId, string JobId, string Status, string Url);

/// <summary>Answers about images that are being made.</summary>
internal static class ImageJobAnswers
{
    private const int RetrySeconds = 2;

    /// <param name="segments">How many segments the request's own route has, behind the host's prefix.</param>
    public static IActionResult Running(HttpRequest http, string id, int segments)
    {
        var path = http.Path.ToString().TrimEnd('/').Split('/');
        var url = $"{string.Join('/', path[..^segments])}/images/{id}";
        http.HttpContext.Response.Headers.Location = url;
        http.HttpContext.Response.Headers.RetryAfter = RetrySeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Answers.Json(new ImageJobOutput(id, id, "running", url), StatusCodes.Status202Accepted);
    }
}
