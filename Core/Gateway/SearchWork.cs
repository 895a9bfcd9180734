using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Search;
using ServerlessAi.Storage;

namespace ServerlessAi;

/// <summary>Searching the web, once, at a price for the call.</summary>
public sealed class SearchWork(Quoter quoter, ProviderRegistry providers) : Work<SearchRequest, SearchResult>
{
    /// <summary>Results that every vendor gives for the price of one call.</summary>
    private const int ResultsLimit = 10;

    private const int DefaultResults = 5;
    private const int QueryLimit = 400;

    public override WorkKind Kind => WorkKind.Search;

    public override TimeSpan DefaultTtl => TimeSpan.FromHours(1);

    public override Refusal? Problem(SearchRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.Query) || request.Query.Length > QueryLimit)
        {
            return Refusal.Invalid($"'query' must have 1 to {QueryLimit} characters.");
        }

        if (request.MaxResults is < 1 or > ResultsLimit)
        {
            return Refusal.Invalid($"'maxResults' must be between 1 and {ResultsLimit}.");
        }

        return request is { Provider: not null, Model: not null } ? Refusal.Invalid("Name a 'provider' or a 'model', not both.") : null;
    }

    public override string CacheKey(SearchRequest request, Catalog catalog) =>
        PromptHash.OfSearch(Model(request, catalog) is { } name ? catalog.Find(name)?.Id ?? name : "", request.Query.Trim(), Results(request));

    public override Answer<Quote> Quote(SearchRequest request, Catalog catalog, DateTimeOffset now) =>
        request.Provider is { } provider && Model(request, catalog) is null
            ? Refusal.Invalid($"There is no search provider named '{provider}'.")
            : quoter.Search(catalog, name => providers.IsAvailable(ModelKind.Search, name), Model(request, catalog), now);

    public override async Task<ProviderOutcome<SearchResult>> CallAsync(SearchRequest request, ModelEntry model, Hold hold, CancellationToken cancellationToken)
    {
        var provider = providers.Search(model.Provider) ?? throw new InvalidOperationException($"No adapter serves '{model.Provider}'.");
        return await provider.SearchAsync(new SearchCall(model.ModelName, request.Query.Trim(), Results(request)), cancellationToken);
    }

    public override CachedRequest ToRenew(SearchRequest request) =>
        new(CachedRequest.Search, StoredJson.Write(new RenewableSearch(request.Query, request.Provider, request.Model, request.MaxResults)));

    // A call costs what it costs, whatever it found.
    public override UsageFacts Measure(SearchRequest request, SearchResult product, UsageFacts usage) => usage;

    public override UsageFacts Label(SearchRequest request, UsageFacts usage) => usage;

    public override Task<CachedAnswer> KeepAsync(SearchResult product, UsageFacts usage, Hold hold, DateTimeOffset now) =>
        Task.FromResult(new CachedAnswer(usage, now) { Text = StoredJson.Write(product) });

    /// <summary>What was kept of a search. It lies where texts do, and so finds room in a blob when it is long.</summary>
    public static SearchResult ResultOf(CachedAnswer answer) => StoredJson.Read<SearchResult>(answer.Text!);

    private static int Results(SearchRequest request) => request.MaxResults ?? DefaultResults;

    // The provider's first model in fallback order; null for any, and for a provider that has none.
    private static string? Model(SearchRequest request, Catalog catalog) => request.Provider is { } provider
        ? catalog.Serving(ModelKind.Search, name => string.Equals(name, provider, StringComparison.OrdinalIgnoreCase)).FirstOrDefault()?.Id
        : request.Model;
}
