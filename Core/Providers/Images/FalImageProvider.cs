using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ServerlessAi.Images;

namespace ServerlessAi.Providers.Images;

/// <summary>
/// fal.ai's models, fal.ai/docs/model-api-reference/image-generation-api/flux-schnell, asked directly or through its queue. They answer with a URL, or
/// with a <c>data:</c> URL.
/// </summary>
internal sealed class FalImageProvider(FalApi api, FalQueue queue, IOptions<ProviderOptions> options) : IImageProvider
{
    private readonly FalProviderOptions settings = options.Value.Fal;

    public string Name => "fal";

    public Task<ProviderOutcome<ImageBytes>> GenerateAsync(ImageCall call, CancellationToken cancellationToken) => VendorErrors.GuardAsync(async () =>
    {
        var input = new FalRequest(call.StyledPrompt, Size(call.Aspect), NumImages: 1, EnableSafetyChecker: true);
        var outcome = settings.IsQueued(call.Model)
            ? await queue.RunAsync<FalAnswer>(call.Model, () => JsonContent.Create(input, options: FalApi.Json), cancellationToken)
            : await api.SendAsync<FalAnswer>(HttpMethod.Post, $"{settings.BaseUrl.TrimEnd('/')}/{call.Model}", JsonContent.Create(input, options: FalApi.Json), cancellationToken);
        return outcome.Value is { } answer ? await ImageOfAsync(answer, cancellationToken) : outcome.As<ImageBytes>();
    });

    private async Task<ProviderOutcome<ImageBytes>> ImageOfAsync(FalAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Images is not [{ Url: { Length: > 0 } url }, ..])
        {
            return ProviderOutcome<ImageBytes>.Failed(ProviderFailure.BadAnswer, "The answer has no image.");
        }

        // The picture that comes with this mark is black.
        if (answer.HasNsfwConcepts is [true, ..])
        {
            return ProviderOutcome<ImageBytes>.Failed(ProviderFailure.ContentRefused, "has_nsfw_concepts");
        }

        return url.StartsWith("data:", StringComparison.OrdinalIgnoreCase)
            ? VendorHttp.FromBase64(url.AsSpan(url.IndexOf(',', StringComparison.Ordinal) + 1))
            : await api.DownloadAsync(url, cancellationToken);
    }

    private static string Size(string aspect) => aspect switch
    {
        "portrait" => "portrait_4_3",
        "landscape" => "landscape_4_3",
        _ => "square_hd",
    };

    private sealed record FalRequest(string Prompt, string ImageSize, int NumImages, bool EnableSafetyChecker);

    private sealed record FalAnswer(List<FalImage>? Images, List<bool>? HasNsfwConcepts);

    private sealed record FalImage(string? Url);
}
