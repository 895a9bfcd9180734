using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Images;

namespace ServerlessAi.Providers;

/// <summary>How vendors are reached: one client for all of them, whose answers are read up to a limit.</summary>
internal static class VendorHttp
{
    /// <summary>Name of the client at the <see cref="IHttpClientFactory"/>.</summary>
    public const string Client = "vendors";

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(5);

    public static IServiceCollection AddVendorHttp(this IServiceCollection services)
    {
        services.AddHttpClient(Client, client => client.Timeout = Timeout.InfiniteTimeSpan) // The chain sets the time a call may take.
            .UseSocketsHttpHandler((handler, _) =>
            {
                handler.ConnectTimeout = ConnectTimeout;
                handler.PooledConnectionLifetime = ConnectionLife;
                // A vendor's answer must not send our key, or a download, to another host.
                handler.AllowAutoRedirect = false;
                handler.UseCookies = false;
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            // The factory's own log lines name the URLs, and an image URL is enough to read the image.
            .RemoveAllLoggers();
        return services;
    }

    /// <summary>Reads to the end; null when there is more than <paramref name="limit"/> bytes.</summary>
    public static async Task<byte[]?> ReadAsync(Stream stream, int limit, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        var buffer = new byte[81_920];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (content.Length + count > limit)
            {
                return null;
            }

            content.Write(buffer, 0, count);
        }

        return content.ToArray();
    }

    /// <summary>How long an answer asks us to wait.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time) =>
        RateLimits.RetryAfter(name => response.Headers.TryGetValues(name, out var values) ? values.First() : null, time.GetUtcNow());

    /// <summary>Fetches an image that a vendor's answer points to.</summary>
    /// <param name="vendor">The vendor's own address. Images come over https, unless the vendor itself is a stand-in on this machine.</param>
    public static async Task<ProviderOutcome<ImageBytes>> DownloadAsync(this HttpClient http, string url, Uri vendor, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || !(IsTls(uri) || (IsLocal(vendor) && IsLocal(uri))))
        {
            return BadImage("The answer points to an image that is not reached over https.");
        }

        try
        {
            using var response = await http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return BadImage($"The image the answer points to is not there: {(int)response.StatusCode}.");
            }

            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            return AsImage(await ReadAsync(stream, ImageBytes.SizeLimit, cancellationToken));
        }
        catch (HttpRequestException exception)
        {
            // However it broke, the vendor had drawn the image by then.
            return ProviderOutcome<ImageBytes>.Failed(ProviderFailure.ConnectionLost, VendorErrors.Shorten(exception.Message, key: null));
        }
    }

    /// <summary>Believes only the bytes.</summary>
    public static ProviderOutcome<ImageBytes> AsImage(byte[]? content) =>
        content is not null && ImageBytes.Sniff(content) is { } image ? image : BadImage("The answer is no PNG, JPEG or WebP, or is too large.");

    /// <summary>An image in base64, as JSON answers and <c>data:</c> URLs carry it.</summary>
    public static ProviderOutcome<ImageBytes> FromBase64(ReadOnlySpan<char> text)
    {
        var content = new byte[text.Length / 4 * 3 + 3];
        return Convert.TryFromBase64Chars(text, content, out var length) ? AsImage(content[..length]) : BadImage("The image in the answer is no base64.");
    }

    private static ProviderOutcome<ImageBytes> BadImage(string detail) => ProviderOutcome<ImageBytes>.Failed(ProviderFailure.BadAnswer, detail);

    private static bool IsLocal(Uri uri) => uri.IsLoopback && string.Equals(uri.Scheme, Uri.UriSchemeHttp, StringComparison.Ordinal);

    private static bool IsTls(Uri uri) => string.Equals(uri.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal);
}
