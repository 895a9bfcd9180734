using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Anthropic;
using Anthropic.Core;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;

namespace ServerlessAi.Providers.Text;

/// <summary>
/// The Messages API, platform.claude.com/docs/en/api/messages, through the official client. JSON is written and read here, as
/// for OpenAI: the client's types throw on values that they do not know, and have no temperature.
/// </summary>
internal sealed class AnthropicTextProvider(string name, TextVendorOptions settings, IHttpClientFactory http, TimeProvider time) : ITextProvider
{
    private const int AnswerLimit = 8 * 1024 * 1024;

    // Temperature runs from 0 to 1; what is above is capped as in Anthropic's own imitation of OpenAI's API, platform.claude.com/docs/en/api/openai-sdk.
    private const double HighestTemperature = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static readonly Dictionary<string, JsonElement> Nothing = new(StringComparer.Ordinal);

    // The version that the client sends by itself refuses any temperature; the one before takes it, for the models that have one:
    // platform.claude.com/docs/en/api/migration-2026-10-21.
    private static readonly Dictionary<string, JsonElement> WithTemperature =
        new(StringComparer.Ordinal) { ["anthropic-version"] = JsonSerializer.SerializeToElement("2023-06-01") };

    // Longer than the platform lets any request last.
    private static readonly TimeSpan NeverReached = TimeSpan.FromMinutes(5);

    private readonly Lazy<AnthropicClient> client = new(() => Create(settings, http));

    public string Name { get; } = name.ToLowerInvariant();

    public Task<ProviderOutcome<TextResult>> CompleteAsync(TextCall call, CancellationToken cancellationToken) => VendorErrors.GuardAsync(async () =>
    {
        try
        {
            using var response = await client.Value.WithRawResponse.Messages.Create(Request(call), cancellationToken);
            await using var stream = await response.ReadAsStream(cancellationToken);
            var body = await VendorHttp.ReadAsync(stream, AnswerLimit, cancellationToken);
            return (body is null ? null : JsonSerializer.Deserialize<AnthropicAnswer>(body, Json)) is { } answer
                ? answer.ToOutcome(call)
                : ProviderOutcome<TextResult>.Failed(ProviderFailure.BadAnswer, "The answer is empty or too large.");
        }
        catch (AnthropicAnswerError error)
        {
            var wait = RateLimits.RetryAfter(header => error.Headers.TryGetValues(header, out var values) ? values.First() : null, time.GetUtcNow());
            return AnthropicErrors.Read<TextResult>((int)error.StatusCode!, error.Body, settings.ApiKey, wait);
        }
        catch (AnthropicIOException exception)
        {
            // How the client says that the network failed; what failed is inside.
            return ProviderOutcome<TextResult>.Failed(VendorErrors.FromNetwork(exception), VendorErrors.Shorten(exception.InnerException?.Message, key: null));
        }
    });

    private static MessageCreateParams Request(TextCall call)
    {
        var system = call.System is { Length: > 0 } text ? text : null;
        var temperature = call.Temperature is { } value ? Math.Min(value, HighestTemperature) : (double?)null;
        var body = new AnthropicRequest(call.Model, call.MaxOutputTokens, [new("user", call.Prompt)], system, temperature);
        var headers = temperature is null ? Nothing : WithTemperature;
        return MessageCreateParams.FromRawUnchecked(headers, Nothing, JsonSerializer.SerializeToElement(body, Json).Deserialize<Dictionary<string, JsonElement>>()!);
    }

    // Everything the client would otherwise take from environment variables is set: whoever runs this app decides by its own settings.
    private static AnthropicClient Create(TextVendorOptions settings, IHttpClientFactory http) => new()
    {
        BaseUrl = settings.BaseUrl!.TrimEnd('/'),
        ApiKey = settings.ApiKey,
        AuthToken = null,
        HttpClient = http.CreateClient(VendorHttp.Client),
        Handlers = [new Wire()],
        // The chain decides whether and whom to ask again, and how long a call may take.
        MaxRetries = 0,
        Timeout = NeverReached,
    };

    /// <summary>
    /// Ends a call at an error answer: the client's own exceptions lack its headers, which say how long to wait, and read its body without limit. And lets
    /// a version that a request names replace the client's, which only adds to it.
    /// </summary>
    private sealed class Wire : DelegatingHandler
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

        public System.Net.Http.Headers.HttpResponseHeaders Headers { get; } = response.Headers;

        public byte[]? Body { get; } = body;
    }

    private sealed record AnthropicRequest(string Model, int MaxTokens, AnthropicMessage[] Messages, string? System, double? Temperature);

    private sealed record AnthropicMessage(string Role, string Content);
}
