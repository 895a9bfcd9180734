using Azure.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ServerlessAi.Providers.Images;
using ServerlessAi.Providers.Search;
using ServerlessAi.Providers.Text;
using ServerlessAi.Storage;

namespace ServerlessAi.Providers;

/// <summary>Registers an adapter for each vendor that has a key.</summary>
internal static class ProviderServices
{
    public static IServiceCollection AddVendors(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection(ProviderOptions.Section).Get<ProviderOptions>() ?? new ProviderOptions();
        services.AddSingleton<IValidateOptions<ProviderOptions>, ProviderOptionsCheck>();
        return services.AddVendorHttp().AddSamples().AddOpenAI(options).AddTextVendors(options).AddImageVendors(options).AddSearchVendors(options);
    }

    private static IServiceCollection AddSamples(this IServiceCollection services) => services
        .AddSingleton<ITextProvider, SampleTextProvider>()
        .AddSingleton<IImageProvider, SampleImageProvider>()
        .AddSingleton<IEmbeddingProvider, SampleEmbeddingProvider>()
        .AddSingleton<ISearchProvider, SampleSearchProvider>();

    private static IServiceCollection AddOpenAI(this IServiceCollection services, ProviderOptions options)
    {
        if (!options.OpenAI.IsConfigured)
        {
            return services;
        }

        // Text has the more particular setting; whoever has both can keep images at Azure, say, and text at OpenAI.
        var servesText = !options.TextVendors.Any(vendor => string.Equals(vendor.Key, TextVendorOptions.OpenAI, StringComparison.OrdinalIgnoreCase));
        services.TryAddSingleton<TokenCredential>(provider => AppIdentity.Create(provider.GetRequiredService<IOptions<StorageOptions>>().Value));
        services
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<OpenAIClients>(provider, OpenAIEndpoint.Of(options.OpenAI)))
            .AddSingleton<IImageProvider, OpenAIImageProvider>()
            .AddSingleton<IEmbeddingProvider, OpenAIEmbeddingProvider>();
        return servesText ? services.AddSingleton<ITextProvider, OpenAITextProvider>() : services;
    }

    private static IServiceCollection AddTextVendors(this IServiceCollection services, ProviderOptions options)
    {
        foreach (var (name, settings) in options.TextVendors)
        {
            services.AddSingleton<ITextProvider>(provider => settings.Kind is TextVendorOptions.Anthropic
                ? ActivatorUtilities.CreateInstance<AnthropicTextProvider>(provider, name, settings)
                : new OpenAITextProvider(ActivatorUtilities.CreateInstance<OpenAIClients>(provider, OpenAIEndpoint.Of(name, settings))));
        }

        return services;
    }

    private static IServiceCollection AddImageVendors(this IServiceCollection services, ProviderOptions options)
    {
        if (options.Fal.IsConfigured)
        {
            services.AddSingleton<FalApi>().AddSingleton<FalQueue>().AddSingleton<IImageProvider, FalImageProvider>();
        }

        return options.Stability.IsConfigured ? services.AddSingleton<IImageProvider, StabilityImageProvider>() : services;
    }

    private static IServiceCollection AddSearchVendors(this IServiceCollection services, ProviderOptions options) => services
        .AddSearch<TavilySearchProvider>(options.Tavily)
        .AddSearch<SerperSearchProvider>(options.Serper)
        .AddSearch<ExaSearchProvider>(options.Exa)
        .AddSearch<FirecrawlSearchProvider>(options.Firecrawl);

    private static IServiceCollection AddSearch<T>(this IServiceCollection services, SearchVendorOptions settings)
        where T : class, ISearchProvider => settings.IsConfigured ? services.AddSingleton<ISearchProvider, T>() : services;
}
