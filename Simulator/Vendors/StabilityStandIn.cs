using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>Speaks Stability AI's Stable Image generation, platform.stability.ai/docs/api-reference#tag/Generate.</summary>
public sealed class StabilityStandIn : VendorStandIn
{
    public const string ApiKey = "sk-stability-0123456789abcdef";

    private const string Generate = "/v2beta/stable-image/generate/";

    protected override Behaviour Unauthorized => Error(401, "unauthorized", "authorization: missing or invalid");

    public static Task<StabilityStandIn> StartAsync() => StartAsync(new StabilityStandIn());

    /// <summary>The documented error object.</summary>
    public static Behaviour Error(int status, string name, params string[] errors) => Json(status, new { id = "a1b2c3d4e5f6", name, errors });

    /// <summary>The image as bytes, with how it ended in headers.</summary>
    public static Behaviour Image(string finishReason = "SUCCESS") => new(async (context, _) =>
    {
        context.Response.Headers["finish-reason"] = finishReason;
        context.Response.Headers["seed"] = "343940597";
        await PictureAsync(context);
    });

    /// <summary>The image as JSON has it.</summary>
    public static Behaviour InJson(string finishReason = "SUCCESS") =>
        Json(200, new { image = Convert.ToBase64String(Picture.Span), finish_reason = finishReason, seed = 343_940_597 });

    /// <summary>Core, ultra or sd3.</summary>
    protected override string? ModelOf(ReceivedRequest request) =>
        request.Path.StartsWith(Generate, StringComparison.Ordinal) ? request.Path[Generate.Length..] : null;

    protected override bool IsAuthorized(ReceivedRequest request) => request.Headers.GetValueOrDefault("Authorization") is "Bearer " + ApiKey;

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request)
    {
        var isJson = request.Headers.GetValueOrDefault("Accept")?.Contains("application/json", StringComparison.Ordinal) == true;
        return (request.Path[Generate.Length..] is "core" or "ultra" or "sd3" ? isJson ? InJson() : Image() : Error(404, "not_found", "not found"))
            .Run(context, () => Task.CompletedTask);
    }
}
