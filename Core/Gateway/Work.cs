using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;

namespace ServerlessAi;

/// <summary>What differs between kinds of billable requests. The gateway asks these questions in this order.</summary>
/// <typeparam name="TRequest">What the caller sent.</typeparam>
/// <typeparam name="TProduct">What a provider gives back.</typeparam>
public abstract class Work<TRequest, TProduct>
    where TRequest : GatewayRequest
    where TProduct : class
{
    public abstract WorkKind Kind { get; }

    /// <summary>How long an answer is given again when the request does not say.</summary>
    public abstract TimeSpan DefaultTtl { get; }

    /// <summary>What is wrong with the request itself; null when nothing is.</summary>
    public abstract Refusal? Problem(TRequest request);

    public abstract string CacheKey(TRequest request, Catalog catalog);

    public abstract Answer<Quote> Quote(TRequest request, Catalog catalog, DateTimeOffset now);

    /// <summary>Whether a model can take this request at all, when it might serve in place of another.</summary>
    public virtual bool CanServe(TRequest request, ModelEntry model) => true;

    /// <summary>Asks one model once.</summary>
    public abstract Task<ProviderOutcome<TProduct>> CallAsync(TRequest request, ModelEntry model, Hold hold, CancellationToken cancellationToken);

    /// <summary>Whether another model may take the place of one that failed: not once the caller has a part of its answer.</summary>
    public virtual bool MayAskAnother(TRequest request) => true;

    /// <summary>Puts the caller's own labels on usage that another request has made.</summary>
    public abstract UsageFacts Label(TRequest request, UsageFacts usage);

    /// <summary>Fills in what the product used.</summary>
    public abstract UsageFacts Measure(TRequest request, TProduct product, UsageFacts usage);

    /// <summary>How the answer joins the caller's gallery; null when it is no image.</summary>
    /// <param name="payload">What it can be made from again.</param>
    public virtual ImageRecord? ForGallery(TRequest request, CachedAnswer answer, Func<string> payload) => null;

    /// <summary>What the same answer can be asked for again with, without who asks; null when it is not renewed ahead.</summary>
    public virtual CachedRequest? ToRenew(TRequest request) => null;

    /// <summary>Makes the product last: from here on it can be answered again.</summary>
    /// <exception cref="Exception">What <see cref="Storage.StorageFaults.IsUnavailable"/> knows, when it cannot be kept.</exception>
    public abstract Task<CachedAnswer> KeepAsync(TProduct product, UsageFacts usage, Hold hold, DateTimeOffset now);
}
