using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Core;
using Microsoft.Extensions.DependencyInjection;
using OpenAI;

namespace ServerlessAi.Providers;

/// <summary>
/// Calls to one server that speaks OpenAI's API, OpenAI itself, Azure OpenAI through its v1 endpoint, or another, all through the official client.
/// JSON is written and read here rather than by the client's own types, which throw on enum values and counts that they do not know.
/// </summary>
/// <remarks>
/// Azure, keyless: learn.microsoft.com, "Azure OpenAI supported programming languages" (BearerTokenPolicy over <c>/openai/v1</c>) and "How to switch
/// between OpenAI and Azure OpenAI endpoints" (the scope). With a key: the header <c>api-key</c>.
/// </remarks>
internal sealed class OpenAIClients(OpenAIEndpoint endpoint, IHttpClientFactory http, TimeProvider time, IServiceProvider services)
{
    /// <summary>JSON in the form OpenAI's API has it.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private const int ErrorLimit = 1024 * 1024;

    private const string AzureScope = "https://cognitiveservices.azure.com/.default";

    private readonly Lazy<OpenAIClient> client = new(() => Create(endpoint, http, services));

    public OpenAIEndpoint Endpoint => endpoint;

    /// <summary>What must not stand in anybody's answer or log.</summary>
    public string? Key => endpoint.ApiKey;

    public HttpClient CreateHttp() => http.CreateClient(VendorHttp.Client);

    /// <summary>Asks once. Vendor errors come back as failures.</summary>
    /// <param name="call">One of the client's protocol methods.</param>
    /// <param name="limit">Bytes the answer may have at most.</param>
    public Task<ProviderOutcome<T>> AskAsync<T>(Func<OpenAIClient, RequestOptions, Task<ClientResult>> call, int limit, CancellationToken cancellationToken)
        where T : class => SendAsync(
            call,
            async stream =>
            {
                var body = await VendorHttp.ReadAsync(stream, limit, cancellationToken);
                var answer = body is null ? null : JsonSerializer.Deserialize<T>(body, Json);
                return answer is null ? ProviderOutcome<T>.Failed(ProviderFailure.BadAnswer, "The answer is empty or too large.") : answer;
            },
            cancellationToken);

    /// <summary>Asks once, and leaves a successful answer's body to <paramref name="read"/>.</summary>
    /// <inheritdoc cref="AskAsync{T}"/>
    public Task<ProviderOutcome<T>> SendAsync<T>(
        Func<OpenAIClient, RequestOptions, Task<ClientResult>> call, Func<Stream, Task<ProviderOutcome<T>>> read, CancellationToken cancellationToken)
        where T : class => VendorErrors.GuardAsync(async () =>
        {
            var request = new RequestOptions { CancellationToken = cancellationToken, ErrorOptions = ClientErrorBehaviors.NoThrow, BufferResponse = false };
            using var response = (await call(client.Value, request)).GetRawResponse();
            var stream = response.ContentStream ?? Stream.Null;
            if (response.Status != 200)
            {
                var wait = RateLimits.RetryAfter(name => response.Headers.TryGetValue(name, out var value) ? value : null, time.GetUtcNow());
                return OpenAIErrors.Read<T>(response.Status, await VendorHttp.ReadAsync(stream, ErrorLimit, cancellationToken), Key, wait);
            }

            return await read(stream);
        });

    private static OpenAIClient Create(OpenAIEndpoint endpoint, IHttpClientFactory http, IServiceProvider services)
    {
        var clientOptions = new OpenAIClientOptions
        {
            Endpoint = endpoint.Address,
            // The chain decides whether and whom to ask again, and how long a call may take.
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
            Transport = new HttpClientPipelineTransport(http.CreateClient(VendorHttp.Client)),
            ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false },
        };
#pragma warning disable OPENAI001 // Marked experimental, and the documented way to sign in to Azure.
        return new OpenAIClient(Authentication(endpoint, services), clientOptions);
#pragma warning restore OPENAI001
    }

    private static AuthenticationPolicy Authentication(OpenAIEndpoint endpoint, IServiceProvider services)
    {
        if (endpoint.ApiKey is not { } key)
        {
            return new BearerTokenPolicy(services.GetRequiredService<TokenCredential>(), AzureScope);
        }

        return endpoint.IsAzure
            ? ApiKeyAuthenticationPolicy.CreateHeaderApiKeyPolicy(new ApiKeyCredential(key), "api-key")
            : ApiKeyAuthenticationPolicy.CreateBearerAuthorizationPolicy(new ApiKeyCredential(key));
    }
}
