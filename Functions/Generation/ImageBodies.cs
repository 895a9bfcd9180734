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
    string ContentType, int Width, int Height, Receipt? Receipt)
{
    /// <summary>From here on: what the gallery says, and the answer of a request does not.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    public bool? Selected { get; init; }

    public DateTimeOffset? SelectedAt { get; init; }

    public string? Aspect { get; init; }

    public string? Style { get; init; }

    public string? Size { get; init; }

    /// <param name="withReceipt">A list goes without.</param>
    public static ImageOutput Of(OwnImage own, bool withReceipt) => Of(own.Served, own.Url) with
    {
        Receipt = withReceipt ? own.Served.Receipt : null,
        CreatedAt = own.Row.Image.CreatedAt,
        Selected = own.Row.Selected,
        SelectedAt = own.Row.SelectedAt,
        Aspect = own.Row.Image.Aspect,
        Style = own.Row.Image.Style,
        Size = own.Row.Image.Size,
    };

    public static ImageOutput Of(Served served, Uri url)
    {
        var (image, receipt) = (served.Answer.Image!, served.Receipt);
        return new ImageOutput(
            image.Id, url, receipt.Tier, receipt.Provider, receipt.ModelServed, receipt.Cached, receipt.Downgraded,
            receipt.CostUsd, receipt.CreditsCharged, image.ContentType, image.Width, image.Height, receipt);
    }
}
