using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ServerlessAi.Pricing;
using ServerlessAi.Providers.Images;
using ServerlessAi.Providers.Search;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Providers;

/// <summary>Which providers this installation has. Only those that are configured are registered.</summary>
/// <remarks>Where nothing is configured in Development, the built-in sample stands in for every vendor, so that all models can be tried without a key.</remarks>
public sealed class ProviderRegistry
{
    public const string Sample = "sample";

    private readonly Dictionary<string, ITextProvider> text;
    private readonly Dictionary<string, IImageProvider> images;
    private readonly Dictionary<string, ISearchProvider> search;
    private readonly Dictionary<string, IEmbeddingProvider> embeddings;

    public ProviderRegistry(
        IEnumerable<ITextProvider> text, IEnumerable<IImageProvider> images, IEnumerable<ISearchProvider> search, IEnumerable<IEmbeddingProvider> embeddings,
        IOptions<ProviderOptions> options, IHostEnvironment environment)
    {
        var isEnabled = options.Value.Sample.Enabled ?? (environment.IsDevelopment() && !options.Value.AnyConfigured);
        if (isEnabled && environment.IsProduction())
        {
            throw new OptionsValidationException("Providers", typeof(ProviderOptions), ["Providers__Sample__Enabled is refused in Production: the sample is no AI."]);
        }

        SampleStandsIn = isEnabled;
        this.text = Named(text, provider => provider.Name);
        this.images = Named(images, provider => provider.Name);
        this.search = Named(search, provider => provider.Name);
        this.embeddings = Named(embeddings, provider => provider.Name);

        Dictionary<string, T> Named<T>(IEnumerable<T> all, Func<T, string> name) =>
            all.Where(provider => isEnabled || !string.Equals(name(provider), Sample, StringComparison.Ordinal)).ToDictionary(name, StringComparer.Ordinal);
    }

    /// <summary>Whether the sample serves for vendors that are not configured.</summary>
    public bool SampleStandsIn { get; }

    /// <summary>Names of the providers that can be called.</summary>
    public IEnumerable<string> Names => text.Keys.Concat(images.Keys).Concat(search.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    public bool IsAvailable(ModelKind kind, string provider) => kind switch
    {
        ModelKind.Text => Text(provider) is not null,
        ModelKind.Image => Image(provider) is not null,
        ModelKind.Embedding => Embedding(provider) is not null,
        _ => Search(provider) is not null,
    };

    public ITextProvider? Text(string provider) => text.GetValueOrDefault(provider) ?? (SampleStandsIn ? text.GetValueOrDefault(Sample) : null);

    public IImageProvider? Image(string provider) => images.GetValueOrDefault(provider) ?? (SampleStandsIn ? images.GetValueOrDefault(Sample) : null);

    public ISearchProvider? Search(string provider) => search.GetValueOrDefault(provider) ?? (SampleStandsIn ? search.GetValueOrDefault(Sample) : null);

    public IEmbeddingProvider? Embedding(string provider) => embeddings.GetValueOrDefault(provider) ?? (SampleStandsIn ? embeddings.GetValueOrDefault(Sample) : null);

    /// <summary>Who really serves a provider's models: itself, or the sample in its place.</summary>
    public string ServedBy(ModelKind kind, string provider) => kind switch
    {
        ModelKind.Text => Text(provider)?.Name,
        ModelKind.Image => Image(provider)?.Name,
        ModelKind.Embedding => Embedding(provider)?.Name,
        _ => Search(provider)?.Name,
    } ?? provider;
}
