using System.Net.Http.Headers;
using System.Text;

namespace ServerlessAi.Tests.Fuzz;

/// <param name="Status">0 when the server ended the connection instead.</param>
internal sealed record FuzzReply(int Status, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>Sends requests as they stand: paths uncollapsed, headers unchecked, nothing followed or remembered.</summary>
internal sealed class FuzzClient(Uri server) : IDisposable
{
    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
    });

    public async Task<FuzzReply> SendAsync(FuzzRequest fuzz)
    {
        var url = server.GetLeftPart(UriPartial.Authority) + fuzz.Target;
        using var request = new HttpRequestMessage(new HttpMethod(fuzz.Method), new Uri(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (fuzz.Body is not null)
        {
            request.Content = new ByteArrayContent(fuzz.Body);
            if (fuzz.ContentType is not null)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", fuzz.ContentType);
            }
        }

        foreach (var (name, value) in fuzz.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        try
        {
            using var response = await http.SendAsync(request, CancellationToken.None);
            var body = await response.Content.ReadAsByteArrayAsync();
            return new FuzzReply((int)response.StatusCode, Headers(response.Headers, response.Content.Headers), Encoding.UTF8.GetString(body));
        }
        catch (HttpRequestException) when (fuzz.IsOverTransportLimits)
        {
            // The server may close before it has read all of what it refuses, and its answer is lost with the connection.
            return new FuzzReply(0, new Dictionary<string, string>(), "");
        }
    }

    public void Dispose() => http.Dispose();

    private static Dictionary<string, string> Headers(HttpResponseHeaders headers, HttpContentHeaders content) =>
        headers.Concat(content).ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase);
}
