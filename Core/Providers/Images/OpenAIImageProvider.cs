using System.ClientModel;
using Microsoft.Extensions.Options;
using ServerlessAi.Images;

namespace ServerlessAi.Providers.Images;

/// <summary>
/// Images, platform.openai.com/docs/api-reference/images/create. GPT image models always answer in base64; DALL·E models answer with a URL
/// unless asked for base64, and have sizes and qualities of their own.
/// </summary>
internal sealed class OpenAIImageProvider(OpenAIClients clients, IOptions<ProviderOptions> options) : IImageProvider
{
    // Base64 makes four bytes of three; the rest is for the JSON around it.
    private const int AnswerLimit = ImageBytes.SizeLimit / 3 * 4 + 64 * 1024;

    public string Name => "openai";

    public async Task<ProviderOutcome<ImageBytes>> GenerateAsync(ImageCall call, CancellationToken cancellationToken)
    {
        using var body = BinaryContent.CreateJson(Request(call), OpenAIClients.Json);
        var outcome = await clients.AskAsync<ImagesAnswer>(
            (client, request) => client.GetImageClient(call.Model).GenerateImagesAsync(body, request), AnswerLimit, cancellationToken);
        return outcome.Value switch
        {
            null => outcome.As<ImageBytes>(),
            { Data: [{ B64Json: { Length: > 0 } base64 }, ..] } => VendorHttp.FromBase64(base64),
            { Data: [{ Url: { Length: > 0 } url }, ..] } => await DownloadAsync(url, cancellationToken),
            _ => ProviderOutcome<ImageBytes>.Failed(ProviderFailure.BadAnswer, "The answer has no image."),
        };
    }

    private Task<ProviderOutcome<ImageBytes>> DownloadAsync(string url, CancellationToken cancellationToken) => VendorErrors.GuardAsync(async () =>
    {
        using var http = clients.CreateHttp();
        return await http.DownloadAsync(url, clients.Endpoint.Address, cancellationToken);
    });

    private ImagesRequest Request(ImageCall call)
    {
        var quality = options.Value.OpenAI.ImageQuality;
        if (call.Model.StartsWith("dall-e-2", StringComparison.Ordinal))
        {
            // Knows squares and no quality.
            return new ImagesRequest(call.Model, call.StyledPrompt, 1, "1024x1024", Quality: null, "b64_json");
        }

        return call.Model.StartsWith("dall-e", StringComparison.Ordinal)
            ? new ImagesRequest(call.Model, call.StyledPrompt, 1, Size(call.Aspect, "1024x1792", "1792x1024"), quality is "high" ? "hd" : "standard", "b64_json")
            : new ImagesRequest(call.Model, call.StyledPrompt, 1, Size(call.Aspect, "1024x1536", "1536x1024"), quality, ResponseFormat: null);
    }

    private static string Size(string aspect, string portrait, string landscape) => aspect switch
    {
        "portrait" => portrait,
        "landscape" => landscape,
        _ => "1024x1024",
    };

    private sealed record ImagesRequest(string Model, string Prompt, int N, string Size, string? Quality, string? ResponseFormat);

    private sealed record ImagesAnswer(List<ImageData>? Data);

    private sealed record ImageData(string? B64Json, string? Url);
}
