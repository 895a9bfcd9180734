using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Caching;
using ServerlessAi.Functions.Http;
using ServerlessAi.Images;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Functions.OpenAI;

/// <summary>
/// OpenAI's image generations, through the same work as <c>ai-preview-image</c>: free images, cache and kept images included. One image a request, at the
/// quality that the catalog's price is for. Its URL, since images are kept; as base64 for who asks for that.
/// </summary>
public sealed class V1Images(BillableRequests requests, ImageWork work, IImageStore images)
{
    [Function("v1-images")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/images/generations")] HttpRequest http, CancellationToken cancellationToken)
    {
        var asBase64 = false;
        var request = await BillableRequests.ReadAsync<JsonObject, ImageRequest>(
            http,
            V1Bodies.Parse,
            (body, caller) =>
            {
                asBase64 = ChatJson.Text(body["response_format"]) is "b64_json";
                return V1ImageInput.Read(http, body, caller);
            },
            cancellationToken);
        return await requests.AnswerAsync(http, work, request, async served => await ShowAsync(served, asBase64, cancellationToken), cancellationToken);
    }

    private async Task<string> ShowAsync(Served served, bool asBase64, CancellationToken cancellationToken)
    {
        var image = served.Answer.Image!;
        object data = asBase64
            ? new { B64Json = await images.ReadAsync(image, cancellationToken) is { } read ? Convert.ToBase64String(read.Content.Span) : throw new IOException("A kept image is gone.") }
            : new { Url = await images.GetReadUrlAsync(image, served.At, cancellationToken) };
        return JsonSerializer.Serialize(new { Created = served.At.ToUnixTimeSeconds(), Data = new[] { data } }, OpenAIAnswers.Names);
    }
}

/// <summary>Reads the body of <c>v1/images/generations</c>.</summary>
internal static class V1ImageInput
{
    // What a vendor bills by, and the catalog's one price an image does not know.
    private static readonly Dictionary<string, string[]> Accepted = new(StringComparer.Ordinal)
    {
        ["quality"] = ["auto", "standard", "medium"],
        ["response_format"] = ["url", "b64_json"],
        ["output_format"] = ["png"],
        ["background"] = ["auto", "opaque"],
    };

    public static Answer<ImageRequest> Read(HttpRequest http, JsonObject body, Caller caller)
    {
        if (Problem(body) is { } problem)
        {
            return problem;
        }

        var name = ChatJson.Text(body["model"]);
        return V1Bodies.CacheOf(http).Then<ImageRequest>(cache => new ImageRequest(
            caller, ChatJson.Text(body["prompt"]) ?? "", AspectOf(ChatJson.Text(body["size"]))!, ChatJson.Text(body["style"]) ?? "", Size: "", name, Tier.Premium, cache));
    }

    private static Refusal? Problem(JsonObject body)
    {
        if (body["n"] is { } n && ChatJson.Int(n) != 1)
        {
            return Wrong("n", "'n' must be 1: one image a request.");
        }

        if (body["stream"] is JsonValue stream && stream.TryGetValue<bool>(out var isStream) && isStream)
        {
            return Wrong("stream", "Images are not streamed.");
        }

        foreach (var (name, values) in Accepted)
        {
            if (body[name] is { } value && !values.Contains(ChatJson.Text(value), StringComparer.Ordinal))
            {
                return Wrong(name, $"'{name}' must be one of {string.Join(", ", values)}.");
            }
        }

        return AspectOf(ChatJson.Text(body["size"])) is null ? Wrong("size", "'size' must be 'auto' or WIDTHxHEIGHT.") : null;
    }

    // Vendors have few sizes; each is asked for the one of the same shape.
    private static string? AspectOf(string? size)
    {
        if (size is null or "auto")
        {
            return "square";
        }

        var sides = size.Split('x');
        if (sides.Length != 2 || !int.TryParse(sides[0], NumberStyles.None, CultureInfo.InvariantCulture, out var width)
            || !int.TryParse(sides[1], NumberStyles.None, CultureInfo.InvariantCulture, out var height))
        {
            return null;
        }

        return width == height ? "square" : width < height ? "portrait" : "landscape";
    }

    private static Refusal Wrong(string param, string detail) => Refusal.Invalid(detail).With("param", param);
}
