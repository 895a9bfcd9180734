using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>Speaks fal.ai's synchronous model endpoints, fal.ai/docs/model-api-reference, and serves the images its answers point to.</summary>
public sealed class FalStandIn : VendorStandIn
{
    public const string ApiKey = "11111111-2222-3333-4444-555555555555:0123456789abcdef";

    private const string PicturePath = "/files/picture.png";

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

    protected override string? ModelOf(ReceivedRequest request) =>
        string.Equals(request.Method, "POST", StringComparison.Ordinal) ? request.Path.TrimStart('/') : null;

    protected override bool IsAuthorized(ReceivedRequest request) => request.Headers.GetValueOrDefault("Authorization") is "Key " + ApiKey;

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request) => request.Path is PicturePath
        ? PictureAsync(context)
        : Image(BaseUrl + PicturePath).Run(context, () => Task.CompletedTask);
}
