using Azure.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using ServerlessAi.Images;
using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Images;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Providers;

/// <summary>The app's own graph with its vendors played by stand-ins.</summary>
internal sealed class ProviderWorld : IAsyncDisposable
{
    private readonly ServiceProvider services;

    private ProviderWorld(ServiceProvider services, OpenAIStandIn openAI, FalStandIn fal, ManualTime time) =>
        (this.services, OpenAI, Fal, Time) = (services, openAI, fal, time);

    public OpenAIStandIn OpenAI { get; }

    public FalStandIn Fal { get; }

    public ManualTime Time { get; }

    public ProviderRegistry Registry => services.GetRequiredService<ProviderRegistry>();

    public ProviderChain Chain => services.GetRequiredService<ProviderChain>();

    public T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    /// <param name="settings">On top of, or in place of, both stand-ins with their keys; a null value takes a setting away.</param>
    public static async Task<ProviderWorld> StartAsync(Action<IServiceCollection>? configure = null, string environment = "Development", params (string Name, string? Value)[] settings)
    {
        var openAI = await OpenAIStandIn.StartAsync();
        var fal = await FalStandIn.StartAsync();
        var time = new ManualTime();
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
            ["Providers:OpenAI:BaseUrl"] = openAI.V1,
            ["Providers:Fal:ApiKey"] = FalStandIn.ApiKey,
            ["Providers:Fal:BaseUrl"] = fal.BaseUrl,
            ["Providers:Fal:QueueBaseUrl"] = fal.QueueUrl,
        };
        foreach (var (name, value) in settings)
        {
            values[name] = value;
        }

        var rooms = new ServiceCollection();
        rooms.AddLogging();
        rooms.AddSingleton<IHostEnvironment>(new TestEnvironment { EnvironmentName = environment });
        rooms.AddSingleton<TimeProvider>(time);
        rooms.AddServerlessAi(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        configure?.Invoke(rooms);
        return new ProviderWorld(rooms.BuildServiceProvider(), openAI, fal, time);
    }

    public async Task<ProviderOutcome<TextResult>> CompleteAsync(TextCall? call = null, CancellationToken cancellationToken = default) =>
        await Registry.Text("openai")!.CompleteAsync(call ?? new TextCall("gpt-4.1-mini", "Say hello.", 100, Temperature: null), cancellationToken);

    public async Task<ProviderOutcome<ImageBytes>> DrawAsync(string provider, ImageCall? call = null, CancellationToken cancellationToken = default) =>
        await Registry.Image(provider)!.GenerateAsync(
            call ?? new ImageCall(provider == "fal" ? "fal-ai/flux/schnell" : "gpt-image-1", "A red fox", "square", ""), cancellationToken);

    /// <summary>Runs the chain over text models, asking real adapters.</summary>
    public Task<ChainResult<TextResult>> RunAsync(ModelEntry chosen, params ModelEntry[] others) => Chain.RunAsync(
        new PricedModel(chosen, chosen.Prices[0]),
        new Catalog([chosen, .. others], CatalogSource.Stored),
        "ann",
        (model, cancellationToken) => Registry.Text(model.Provider)!.CompleteAsync(new TextCall(model.ModelName, "Say hello.", 100, Temperature: null), cancellationToken));

    public static ModelEntry TextModel(string id, string provider = "openai", decimal input = 1, decimal output = 4, int priority = 100) => new()
    {
        Id = id,
        Provider = provider,
        ModelName = id,
        FallbackPriority = priority,
        Prices = [new ModelPrice(1, DateTimeOffset.UnixEpoch) { InputPrice = input, OutputPrice = output }],
    };

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await OpenAI.DisposeAsync();
        await Fal.DisposeAsync();
    }

    private sealed class TestEnvironment : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = "";

        public string ApplicationName { get; set; } = "tests";

        public string ContentRootPath { get; set; } = AppContext.BaseDirectory;

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}

/// <summary>An identity that has one token for any scope, and remembers which were asked.</summary>
internal sealed class OneToken(string token) : TokenCredential
{
    public List<string> Scopes { get; } = [];

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        Scopes.AddRange(requestContext.Scopes);
        return new AccessToken(token, new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        ValueTask.FromResult(GetToken(requestContext, cancellationToken));
}
