using System.Collections.Frozen;
using System.Globalization;
using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Images;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Images;

namespace ServerlessAi;

/// <summary>Generating one image.</summary>
public sealed class ImageWork(Quoter quoter, ProviderRegistry providers, IImageStore store) : Work<ImageRequest, ImageBytes>
{
    private const int PromptLimit = 4_000;
    private const int StyleLimit = 200;
    private const int SizeLimit = 40;

    /// <summary>Accepted aspects and the shape that a provider is asked for.</summary>
    public static readonly FrozenDictionary<string, string> Aspects = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["square"] = "square",
        ["1:1"] = "square",
        ["portrait"] = "portrait",
        ["2:3"] = "portrait",
        ["3:4"] = "portrait",
        ["4:5"] = "portrait",
        ["9:16"] = "portrait",
        ["landscape"] = "landscape",
        ["3:2"] = "landscape",
        ["4:3"] = "landscape",
        ["5:4"] = "landscape",
        ["16:9"] = "landscape",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public override WorkKind Kind => WorkKind.Image;

    public override TimeSpan DefaultTtl => CacheUse.LongestTtl;

    public override Refusal? Problem(ImageRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.Prompt) || request.Prompt.Length > PromptLimit)
        {
            return Refusal.Invalid($"'prompt' must have 1 to {PromptLimit} characters.");
        }

        if (!Aspects.ContainsKey(request.Aspect))
        {
            return Refusal.Invalid($"'aspect' must be one of {string.Join(", ", Aspects.Keys.Order(StringComparer.Ordinal))}.");
        }

        return request.Style.Length > StyleLimit || request.Size.Length > SizeLimit
            ? Refusal.Invalid($"'style' has at most {StyleLimit} characters, 'size' at most {SizeLimit}.")
            : null;
    }

    public override string CacheKey(ImageRequest request, Catalog catalog) => PromptHash.OfImage(
        request.Prompt, request.Aspect.ToLowerInvariant(), PromptHash.Normalize(request.Style), request.Size.Trim().ToLowerInvariant(), NamedModel(request, catalog));

    public override Answer<Quote> Quote(ImageRequest request, Catalog catalog, DateTimeOffset now) => Quote(request.Model, request.Tier, catalog, now);

    /// <summary>What any image costs: its prompt makes no difference.</summary>
    public Answer<Quote> Quote(string? model, Tier tier, Catalog catalog, DateTimeOffset now) =>
        quoter.Image(catalog, provider => providers.IsAvailable(ModelKind.Image, provider), model, tier, now);

    public override async Task<ProviderOutcome<ImageBytes>> CallAsync(ImageRequest request, ModelEntry model, Hold hold, CancellationToken cancellationToken)
    {
        var provider = providers.Image(model.Provider) ?? throw new InvalidOperationException($"No adapter serves '{model.Provider}'.");
        return await provider.GenerateAsync(new ImageCall(model.ModelName, request.Prompt, Aspects[request.Aspect], request.Style), cancellationToken);
    }

    public override UsageFacts Measure(ImageRequest request, ImageBytes product, UsageFacts usage) => usage with { Images = 1 };

    public override UsageFacts Label(ImageRequest request, UsageFacts usage) => usage;

    public override ImageRecord? ForGallery(ImageRequest request, CachedAnswer answer, Func<string> payload) => answer.Image is not { } image
        ? null
        : new ImageRecord(image.Id, answer.CreatedAt, payload())
        {
            Aspect = request.Aspect.ToLowerInvariant(),
            Style = request.Style.Length > 0 ? request.Style : null,
            Size = request.Size.Length > 0 ? request.Size : null,
        };

    public override async Task<CachedAnswer> KeepAsync(ImageBytes product, UsageFacts usage, Hold hold, DateTimeOffset now)
    {
        var name = $"{now.UtcDateTime.ToString("yyyy/MM", CultureInfo.InvariantCulture)}/{hold.OperationId}.{product.Extension}";
        return new CachedAnswer(usage, now) { Image = await store.SaveAsync(name, product, CancellationToken.None) };
    }

    // The tier counts as naming a model only when it is not what everybody gets.
    private static string? NamedModel(ImageRequest request, Catalog catalog) => request.Model is { } name
        ? catalog.Find(name)?.Id ?? name
        : request.Tier == Tier.Premium ? null : "standard";
}
