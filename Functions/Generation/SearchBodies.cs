using System.Collections.Immutable;
using ServerlessAi.Access;
using ServerlessAi.Primitives;
using ServerlessAi.Providers.Search;

namespace ServerlessAi.Functions.Generation;

/// <summary>Body of <c>search</c>. Only the query is required.</summary>
/// <param name="Provider">Whose search; <paramref name="Model"/> names one of its models instead.</param>
/// <param name="CacheTTL">Seconds.</param>
public sealed record SearchInput(string? Query, string? Provider, string? Model, int? MaxResults, bool? UseCache, long? CacheTTL)
{
    public Answer<SearchRequest> ToRequest(Caller caller)
    {
        var cache = CacheInput.Read(UseCache, CacheTTL);
        return cache.Succeeded ? new SearchRequest(caller, Query ?? "", Provider, Model, MaxResults, cache.Value) : cache.Refusal;
    }
}

/// <summary>One shape for every vendor.</summary>
public sealed record SearchOutput(ImmutableArray<SearchHit> Results, string Provider, string Model, bool Cached, decimal CreditsCharged, Receipt Receipt)
{
    public static SearchOutput Of(Served served) => new(
        SearchWork.ResultOf(served.Answer).Results, served.Receipt.Provider, served.Receipt.ModelServed, served.Receipt.Cached, served.Receipt.CreditsCharged, served.Receipt);
}
