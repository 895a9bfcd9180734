using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>
/// Speaks fal.ai's synchronous model endpoints, fal.ai/docs/model-api-reference, and its queue, fal.ai/docs/documentation/model-apis/inference/queue, and
/// serves the images its answers point to. At the queue, scripts named <c>status</c> and <c>result</c> are for the two questions that follow a submission, and <c>cancel</c> for taking it back.
/// </summary>
public sealed class FalStandIn : VendorStandIn
{
    public const string ApiKey = "11111111-2222-3333-4444-555555555555:0123456789abcdef";
    public const string StatusQuestion = "status";
    public const string ResultQuestion = "result";
    public const string Cancellation = "cancel";

    private const string PicturePath = "/files/picture.png";
    private const string QueuePrefix = "/queue/";
    private const string RequestPath = "/queue/fal-ai/flux/requests/764cabcf-b745-4b3e-ae38-1200304cf45b";

    /// <summary>Where an adapter finds the queue: <c>Providers:Fal:QueueBaseUrl</c>.</summary>
    public string QueueUrl => BaseUrl + "/queue";

    protected override Behaviour Unauthorized => Sentence(401, "No user found for Key ID and Secret");

    public static Task<FalStandIn> StartAsync() => StartAsync(new FalStandIn());

    /// <summary>What a model refuses: the documented list of one error.</summary>
    public static Behaviour Refusal(int status, string type, string message) => Json(
        status, new { detail = new[] { new { loc = new[] { "body", "prompt" }, msg = message, type, url = $"https://docs.fal.ai/errors#{type}" } } });

    /// <summary>What the platform cannot or will not do: a sentence.</summary>
    public static Behaviour Sentence(int status, string detail, string? errorType = null) =>
        Json(status, errorType is null ? new { detail } : new { detail, error_type = errorType });

    /// <summary>The documented answer around one image.</summary>
    public static Behaviour Image(string url, bool isNsfw = false) => Json(200, new
    {
        images = new[] { new { url, width = 1024, height = 1024, content_type = "image/png" } },
        timings = new { inference = 0.25 },
        seed = 42,
        has_nsfw_concepts = new[] { isNsfw },
        prompt = "a prompt",
    });

    /// <summary>How far a queued request is; 202 until it is done.</summary>
    public static Behaviour Status(string status, string? error = null, string? errorType = null) => Json(
        status is "COMPLETED" ? 200 : 202,
        error is null ? new { status, queue_position = 0, logs = (object?)null } : new { status, error, error_type = errorType, metrics = new { inference_time = 0.1 } });

    /// <summary>A place in the queue, with where to ask.</summary>
    public static Behaviour Submitted(string statusUrl, string responseUrl, string? cancelUrl = null) => Json(200, new
    {
        status = "IN_QUEUE",
        request_id = "764cabcf-b745-4b3e-ae38-1200304cf45b",
        response_url = responseUrl,
        status_url = statusUrl,
        cancel_url = cancelUrl ?? responseUrl + "/cancel",
        queue_position = 0,
    });

    /// <summary>What became of taking a request back: <c>OK</c> before its turn, later <c>CANCELLATION_REQUESTED</c>, then <c>ALREADY_COMPLETED</c>.</summary>
    public static Behaviour Cancelled(string status) => Json(status switch { "OK" => 200, "CANCELLATION_REQUESTED" => 202, "NOT_FOUND" => 404, _ => 400 }, new { status });

    protected override string? ModelOf(ReceivedRequest request) => request switch
    {
        { Method: "POST", Path: var path } => path.StartsWith(QueuePrefix, StringComparison.Ordinal) ? path[QueuePrefix.Length..] : path.TrimStart('/'),
        { Path: RequestPath + "/status" } => StatusQuestion,
        { Method: "PUT", Path: RequestPath + "/cancel" } => Cancellation,
        { Path: RequestPath } => ResultQuestion,
        _ => null,
    };

    protected override bool IsAuthorized(ReceivedRequest request) => request.Headers.GetValueOrDefault("Authorization") is "Key " + ApiKey;

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request) => request switch
    {
        { Path: PicturePath } => PictureAsync(context),
        { Path: RequestPath + "/cancel" } => Cancelled("CANCELLATION_REQUESTED").Run(context, () => Task.CompletedTask),
        { Path: RequestPath + "/status" } => Status("COMPLETED").Run(context, () => Task.CompletedTask),
        { Method: "POST", Path: var path } when path.StartsWith(QueuePrefix, StringComparison.Ordinal) =>
            Submitted(BaseUrl + RequestPath + "/status", BaseUrl + RequestPath).Run(context, () => Task.CompletedTask),
        _ => Image(BaseUrl + PicturePath).Run(context, () => Task.CompletedTask),
    };
}
