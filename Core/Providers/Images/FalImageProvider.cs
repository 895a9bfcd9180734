using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ServerlessAi.Images;

namespace ServerlessAi.Providers.Images;

/// <summary>fal.ai's synchronous endpoint, fal.ai/docs/model-api-reference/image-generation-api/flux-schnell. It answers with a URL, or with a <c>data:</c> URL.</summary>
internal sealed class FalImageProvider(IHttpClientFactory factory, IOptions<ProviderOptions> options, TimeProvider time) : IImageProvider
{
    // A data URL holds the image in base64.
    private const int AnswerLimit = ImageBytes.SizeLimit / 3 * 4 + 64 * 1024;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly FalProviderOptions settings = options.Value.Fal;

    public string Name => "fal";

    public Task<ProviderOutcome<ImageBytes>> GenerateAsync(ImageCall call, CancellationToken cancellationToken) => VendorErrors.GuardAsync(async () =>
    {
        using var http = factory.CreateClient(VendorHttp.Client);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{settings.BaseUrl.TrimEnd('/')}/{call.Model}")
        {
            Content = JsonContent.Create(new FalRequest(call.StyledPrompt, Size(call.Aspect), NumImages: 1, EnableSafetyChecker: true), options: Json),
            Headers = { Authorization = new AuthenticationHeaderValue("Key", settings.ApiKey) },
        };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var body = await VendorHttp.ReadAsync(stream, AnswerLimit, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return FalErrors.Read<ImageBytes>((int)response.StatusCode, body, settings.ApiKey, VendorHttp.RetryAfter(response, time));
        }

        var answer = body is null ? null : JsonSerializer.Deserialize<FalAnswer>(body, Json);
        return await ImageOfAsync(answer, http, cancellationToken);
    });

    private async Task<ProviderOutcome<ImageBytes>> ImageOfAsync(FalAnswer? answer, HttpClient http, CancellationToken cancellationToken)
    {
        if (answer?.Images is not [{ Url: { Length: > 0 } url }, ..])
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
            : await http.DownloadAsync(url, new Uri(settings.BaseUrl), cancellationToken);
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
