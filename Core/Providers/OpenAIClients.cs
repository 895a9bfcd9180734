using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenAI;

namespace ServerlessAi.Providers;

/// <summary>
/// Calls to OpenAI, to Azure OpenAI through its v1 endpoint, or to another server that speaks OpenAI's API, all through the official client.
/// JSON is written and read here rather than by the client's own types, which throw on enum values and counts that they do not know.
/// </summary>
/// <remarks>
/// Azure, keyless: learn.microsoft.com, "Azure OpenAI supported programming languages" (BearerTokenPolicy over <c>/openai/v1</c>) and "How to switch
/// between OpenAI and Azure OpenAI endpoints" (the scope). With a key: the header <c>api-key</c>.
/// </remarks>
internal sealed class OpenAIClients(IOptions<ProviderOptions> options, IHttpClientFactory http, IServiceProvider services)
{
    /// <summary>JSON in the form OpenAI's API has it.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private const int ErrorLimit = 1024 * 1024;

    private const string AzureScope = "https://cognitiveservices.azure.com/.default";

    private readonly Lazy<OpenAIClient> client = new(() => Create(options.Value.OpenAI, http, services));

    /// <summary>Where requests go, without a slash at the end.</summary>
    public Uri Endpoint => EndpointOf(options.Value.OpenAI);

    /// <summary>What must not stand in anybody's answer or log.</summary>
    public string? Key => options.Value.OpenAI.ApiKey;

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
                return OpenAIErrors.Read<T>(response.Status, await VendorHttp.ReadAsync(stream, ErrorLimit, cancellationToken), Key);
            }

            return await read(stream);
        });

    private static OpenAIClient Create(OpenAIProviderOptions settings, IHttpClientFactory http, IServiceProvider services)
    {
        var clientOptions = new OpenAIClientOptions
        {
            Endpoint = EndpointOf(settings),
            // The chain decides whether and whom to ask again, and how long a call may take.
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
            Transport = new HttpClientPipelineTransport(http.CreateClient(VendorHttp.Client)),
            ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false },
        };
#pragma warning disable OPENAI001 // Marked experimental, and the documented way to sign in to Azure.
        return new OpenAIClient(Authentication(settings, services), clientOptions);
#pragma warning restore OPENAI001
    }

    private static AuthenticationPolicy Authentication(OpenAIProviderOptions settings, IServiceProvider services)
    {
        var isAzure = settings.AzureEndpoint is { Length: > 0 };
        if (settings.ApiKey is not { Length: > 0 } key)
        {
            return new BearerTokenPolicy(services.GetRequiredService<TokenCredential>(), AzureScope);
        }

        return isAzure
            ? ApiKeyAuthenticationPolicy.CreateHeaderApiKeyPolicy(new ApiKeyCredential(key), "api-key")
            : ApiKeyAuthenticationPolicy.CreateBearerAuthorizationPolicy(new ApiKeyCredential(key));
    }

    private static Uri EndpointOf(OpenAIProviderOptions settings) => settings switch
    {
        { AzureEndpoint: { Length: > 0 } azure } => new Uri($"{azure.TrimEnd('/')}/openai/v1"),
        { BaseUrl: { Length: > 0 } other } => new Uri(other.TrimEnd('/')),
        _ => new Uri("https://api.openai.com/v1"),
    };
}
