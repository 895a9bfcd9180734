using ServerlessAi.Access;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Generation;

/// <summary>Body of <c>ai-preview-image</c>. Only the prompt is required.</summary>
/// <param name="Aspect">Square unless said otherwise.</param>
/// <param name="Tier"><c>premium</c> unless said otherwise.</param>
/// <param name="CacheTTL">Seconds.</param>
public sealed record ImageInput(
    string? Prompt, string? Aspect, string? Style, string? Size, string? Model, Tier? Tier, bool? UseCache, long? CacheTTL)
{
    public Answer<ImageRequest> ToRequest(Caller caller)
    {
        var cache = CacheInput.Read(UseCache, CacheTTL);
        return cache.Succeeded
            ? new ImageRequest(caller, Prompt ?? "", Aspect ?? "square", Style ?? "", Size ?? "", Model, Tier ?? Pricing.Tier.Premium, cache.Value)
            : cache.Refusal;
    }
}

/// <param name="Cost">USD that this answer cost; 0 from the cache.</param>
public sealed record ImageOutput(
    string ImageId, Uri ImageUrl, string Tier, string Provider, string Model, bool Cached, bool Downgraded, decimal Cost, decimal CreditsCharged,
    string ContentType, int Width, int Height, Receipt Receipt)
{
    public static ImageOutput Of(Served served, Uri url)
    {
        var (image, receipt) = (served.Answer.Image!, served.Receipt);
        return new ImageOutput(
            Path.GetFileNameWithoutExtension(image.Name), url, receipt.Tier, receipt.Provider, receipt.ModelServed, receipt.Cached, receipt.Downgraded,
            receipt.CostUsd, receipt.CreditsCharged, image.ContentType, image.Width, image.Height, receipt);
    }
}
