using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ServerlessAi.Images;

namespace ServerlessAi.Providers;

/// <summary>Single calls to fal.ai.</summary>
internal sealed class FalApi(IHttpClientFactory factory, IOptions<ProviderOptions> options, TimeProvider time)
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    // A data URL holds the image in base64.
    private const int AnswerLimit = ImageBytes.SizeLimit / 3 * 4 + 64 * 1024;

    private readonly FalProviderOptions settings = options.Value.Fal;

    /// <summary>Asks once, with the key.</summary>
    public async Task<ProviderOutcome<T>> SendAsync<T>(HttpMethod method, string url, HttpContent? content, CancellationToken cancellationToken)
        where T : class
    {
        using var http = factory.CreateClient(VendorHttp.Client);
        using var request = new HttpRequestMessage(method, url) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Key", settings.ApiKey);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var body = await VendorHttp.ReadAsync(stream, AnswerLimit, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return FalErrors.Read<T>((int)response.StatusCode, body, settings.ApiKey, VendorHttp.RetryAfter(response, time));
        }

        var answer = body is null ? null : JsonSerializer.Deserialize<T>(body, Json);
        return answer is null ? ProviderOutcome<T>.Failed(ProviderFailure.BadAnswer, "The answer is empty or too large.") : answer;
    }

    /// <summary>Fetches an image, without the key.</summary>
    public async Task<ProviderOutcome<ImageBytes>> DownloadAsync(string url, CancellationToken cancellationToken)
    {
        using var http = factory.CreateClient(VendorHttp.Client);
        return await http.DownloadAsync(url, new Uri(settings.BaseUrl), cancellationToken);
    }
}
