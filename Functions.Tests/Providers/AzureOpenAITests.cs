using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Providers;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Providers;

/// <summary>Azure OpenAI's v1 endpoint. A handler under the client brings its https address to the stand-in.</summary>
public sealed class AzureOpenAITests
{
    private const string Endpoint = "https://contoso.openai.azure.com/";

    private readonly List<Uri> asked = [];

    [Fact]
    public async Task With_a_key_calls_carry_it_in_the_header_that_Azure_documents()
    {
        await using var world = await StartAsync(configure: null, OpenAIStandIn.ApiKey);
        Assert.NotNull((await world.CompleteAsync()).Value);
        Assert.NotNull((await world.DrawAsync("openai")).Value);
        Assert.Equal(
            ["https://contoso.openai.azure.com/openai/v1/chat/completions", "https://contoso.openai.azure.com/openai/v1/images/generations"],
            asked.Select(uri => uri.AbsoluteUri));
        Assert.All(world.OpenAI.Requests, request =>
            Assert.Equal((OpenAIStandIn.ApiKey, false), (request.Headers["api-key"], request.Headers.ContainsKey("Authorization"))));
    }

    [Fact]
    public async Task Without_a_key_the_apps_identity_signs_in()
    {
        var identity = new OneToken(OpenAIStandIn.AzureToken);
        await using var world = await StartAsync(services => services.AddSingleton<TokenCredential>(identity), key: null);
        Assert.NotNull((await world.CompleteAsync()).Value);
        var request = Assert.Single(world.OpenAI.Requests);
        Assert.Equal(("/openai/v1/chat/completions", $"Bearer {OpenAIStandIn.AzureToken}"), (request.Path, request.Headers["Authorization"]));
        Assert.Equal(["https://cognitiveservices.azure.com/.default"], identity.Scopes);
    }

    [Fact]
    public async Task An_identity_without_a_token_is_unauthorized()
    {
        await using var world = await StartAsync(services => services.AddSingleton<TokenCredential>(new NoToken()), key: null);
        var outcome = await world.CompleteAsync();
        Assert.Equal((ProviderFailure.Unauthorized, "The app's identity got no token for the vendor."), (outcome.Failure, outcome.Detail));
        Assert.Empty(world.OpenAI.Requests);
    }

    private async Task<ProviderWorld> StartAsync(Action<IServiceCollection>? configure, string? key)
    {
        var handler = new ToStandIn(asked);
        var world = await ProviderWorld.StartAsync(
            services =>
            {
                configure?.Invoke(services);
                services.AddHttpClient(VendorHttp.Client).AddHttpMessageHandler(() => handler);
            },
            settings: [("Providers:OpenAI:AzureEndpoint", Endpoint), ("Providers:OpenAI:ApiKey", key)]);
        handler.StandIn = new Uri(world.OpenAI.BaseUrl);
        return world;
    }

    private sealed class ToStandIn(List<Uri> asked) : DelegatingHandler
    {
        public Uri StandIn { get; set; } = null!;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            asked.Add(request.RequestUri!);
            request.RequestUri = new Uri(StandIn, request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class NoToken : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new CredentialUnavailableException("No identity here.");

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromException<AccessToken>(new CredentialUnavailableException("No identity here."));
    }
}
