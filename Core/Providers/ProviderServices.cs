using Azure.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ServerlessAi.Providers.Images;
using ServerlessAi.Providers.Text;
using ServerlessAi.Storage;

namespace ServerlessAi.Providers;

/// <summary>Registers an adapter for each vendor that has a key.</summary>
internal static class ProviderServices
{
    public static IServiceCollection AddVendors(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection(ProviderOptions.Section).Get<ProviderOptions>() ?? new ProviderOptions();
        services.AddVendorHttp();
        services.AddSingleton<ITextProvider, SampleTextProvider>();
        services.AddSingleton<IImageProvider, SampleImageProvider>();
        services.AddSingleton<IEmbeddingProvider, SampleEmbeddingProvider>();
        if (options.OpenAI.IsConfigured)
        {
            services.TryAddSingleton<TokenCredential>(provider => AppIdentity.Create(provider.GetRequiredService<IOptions<StorageOptions>>().Value));
            services.AddSingleton<OpenAIClients>();
            services.AddSingleton<ITextProvider, OpenAITextProvider>();
            services.AddSingleton<IImageProvider, OpenAIImageProvider>();
            services.AddSingleton<IEmbeddingProvider, OpenAIEmbeddingProvider>();
        }

        if (options.Fal.IsConfigured)
        {
            services.AddSingleton<IImageProvider, FalImageProvider>();
        }

        return services;
    }
}
