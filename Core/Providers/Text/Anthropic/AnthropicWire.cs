using System.Net;
using System.Net.Http.Headers;
using Anthropic;
using Anthropic.Core;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;

namespace ServerlessAi.Providers.Text;

/// <summary>The way to Anthropic, through the official client. What goes over it is JSON of our own: the client's types throw on values that they do not know.</summary>
internal sealed class AnthropicWire(TextVendorOptions settings, IHttpClientFactory http, TimeProvider time)
{
    // Longer than the platform lets any request last.
    private static readonly TimeSpan NeverReached = TimeSpan.FromMinutes(5);

    private readonly Lazy<AnthropicClient> client = new(() => Create(settings, http));

    public string? Key => settings.ApiKey;

    /// <summary>Asks once, and leaves a successful answer's body to <paramref name="read"/>. Errors come back as failures; only cancellation throws.</summary>
    public Task<ProviderOutcome<T>> SendAsync<T>(MessageCreateParams request, Func<Stream, Task<ProviderOutcome<T>>> read, CancellationToken cancellationToken)
        where T : class => VendorErrors.GuardAsync(async () =>
        {
            try
            {
                using var response = await client.Value.WithRawResponse.Messages.Create(request, cancellationToken);
                await using var stream = await response.ReadAsStream(cancellationToken);
                return await read(stream);
            }
            catch (AnthropicAnswerError error)
            {
                var wait = RateLimits.RetryAfter(header => error.Headers.TryGetValues(header, out var values) ? values.First() : null, time.GetUtcNow());
                return AnthropicErrors.Read<T>((int)error.StatusCode!, error.Body, settings.ApiKey, wait);
            }
            catch (AnthropicIOException exception)
            {
                // How the client says that the network failed; what failed is inside.
                return ProviderOutcome<T>.Failed(VendorErrors.FromNetwork(exception), VendorErrors.Shorten(exception.InnerException?.Message, key: null));
            }
        });

    // Everything the client would otherwise take from environment variables is set: whoever runs this app decides by its own settings.
    private static AnthropicClient Create(TextVendorOptions settings, IHttpClientFactory http) => new()
    {
        BaseUrl = settings.BaseUrl!.TrimEnd('/'),
        ApiKey = settings.ApiKey,
        AuthToken = null,
        HttpClient = http.CreateClient(VendorHttp.Client),
        Handlers = [new Handler()],
        // The chain decides whether and whom to ask again, and how long a call may take.
        MaxRetries = 0,
        Timeout = NeverReached,
    };

    /// <summary>
    /// Ends a call at an error answer: the client's own exceptions lack its headers, which say how long to wait, and read its body without limit. And lets
    /// a version that a request names replace the client's, which only adds to it.
    /// </summary>
    private sealed class Handler : DelegatingHandler
    {
        private const string Version = "anthropic-version";

        private const int ErrorLimit = 64 * 1024;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Headers.TryGetValues(Version, out var versions) && versions.ToList() is [.., _, var own])
            {
                request.Headers.Remove(Version);
                request.Headers.Add(Version, own);
            }

            var response = await base.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return response;
            }

            using (response)
            {
                await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
                throw new AnthropicAnswerError(response, await VendorHttp.ReadAsync(stream, ErrorLimit, cancellationToken));
            }
        }
    }

    /// <summary>Carries an error answer past the client, which has no other way out.</summary>
    private sealed class AnthropicAnswerError(HttpResponseMessage response, byte[]? body) : Exception("The vendor answered with an error.")
    {
        public HttpStatusCode StatusCode { get; } = response.StatusCode;

        public HttpResponseHeaders Headers { get; } = response.Headers;

        public byte[]? Body { get; } = body;
    }
}
