namespace ServerlessAi.Providers.Search;

/// <summary>Finds without any network: the same question always has the same pages, which do not exist. For trying the gateway without a key.</summary>
internal sealed class SampleSearchProvider : ISearchProvider
{
    private const int Pages = 8;

    public string Name => ProviderRegistry.Sample;

    public Task<ProviderOutcome<SearchResult>> SearchAsync(SearchCall call, CancellationToken cancellationToken)
    {
        var hits = Enumerable.Range(1, Math.Min(call.MaxResults, Pages)).Select(number => new SearchHit(
            $"Sample page {number}",
            new Uri($"https://example.com/page-{number}"),
            $"A made-up page of {call.Model}, found without searching. You asked: {call.Query}",
            1d / number,
            PublishedAt: null));
        return Task.FromResult<ProviderOutcome<SearchResult>>(new SearchResult([.. hits]));
    }
}
