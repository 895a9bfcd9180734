using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ServerlessAi.Images;

namespace ServerlessAi.Providers.Images;

/// <summary>
/// Stability AI's Stable Image, platform.stability.ai/docs/api-reference#tag/Generate: <c>core</c> and <c>ultra</c> have endpoints of their own, the models
/// of Stable Diffusion 3 share one. The image comes as bytes, with how it ended in the header <c>finish-reason</c>; JSON with base64 is understood as well.
/// </summary>
internal sealed class StabilityImageProvider(IHttpClientFactory factory, IOptions<ProviderOptions> options, TimeProvider time) : IImageProvider
{
    // JSON holds the image in base64.
    private const int AnswerLimit = ImageBytes.SizeLimit / 3 * 4 + 64 * 1024;
    private const string Filtered = "CONTENT_FILTERED";

    private readonly StabilityProviderOptions settings = options.Value.Stability;

    public string Name => "stability";

    public Task<ProviderOutcome<ImageBytes>> GenerateAsync(ImageCall call, CancellationToken cancellationToken) => VendorErrors.GuardAsync(async () =>
    {
        using var http = factory.CreateClient(VendorHttp.Client);
        using var request = Request(call);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var body = await VendorHttp.ReadAsync(stream, AnswerLimit, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return StabilityErrors.Read<ImageBytes>((int)response.StatusCode, body, settings.ApiKey, VendorHttp.RetryAfter(response, time));
        }

        var reason = response.Headers.TryGetValues("finish-reason", out var reasons) ? reasons.First() : null;
        return response.Content.Headers.ContentType?.MediaType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true
            ? FromJson(body)
            : reason is Filtered ? Refused() : VendorHttp.AsImage(body);
    });

    private HttpRequestMessage Request(ImageCall call)
    {
        var isDiffusion = call.Model.StartsWith("sd3", StringComparison.OrdinalIgnoreCase);
        var endpoint = isDiffusion ? "sd3" : call.Model.EndsWith("ultra", StringComparison.OrdinalIgnoreCase) ? "ultra" : "core";
        var form = new MultipartFormDataContent
        {
            { new StringContent(call.StyledPrompt), "\"prompt\"" },
            { new StringContent(Ratio(call.Aspect)), "\"aspect_ratio\"" },
            { new StringContent("png"), "\"output_format\"" },
        };
        if (isDiffusion)
        {
            form.Add(new StringContent(call.Model), "\"model\"");
        }

        var request = new HttpRequestMessage(HttpMethod.Post, $"{settings.BaseUrl.TrimEnd('/')}/v2beta/stable-image/generate/{endpoint}") { Content = form };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", settings.ApiKey);
        request.Headers.Accept.ParseAdd("image/*");
        return request;
    }

    private static ProviderOutcome<ImageBytes> FromJson(byte[]? body)
    {
        if (body is null)
        {
            return ProviderOutcome<ImageBytes>.Failed(ProviderFailure.BadAnswer, "The answer is too large.");
        }

        using var json = JsonDocument.Parse(body);
        return (JsonText.Of(json.RootElement, "finish_reason"), JsonText.Of(json.RootElement, "image")) switch
        {
            (Filtered, _) => Refused(),
            (_, { Length: > 0 } base64) => VendorHttp.FromBase64(base64),
            _ => ProviderOutcome<ImageBytes>.Failed(ProviderFailure.BadAnswer, "The answer has no image."),
        };
    }

    // The image that comes with this mark is blurred.
    private static ProviderOutcome<ImageBytes> Refused() => ProviderOutcome<ImageBytes>.Failed(ProviderFailure.ContentRefused, Filtered);

    private static string Ratio(string aspect) => aspect switch
    {
        "portrait" => "2:3",
        "landscape" => "3:2",
        _ => "1:1",
    };
}
