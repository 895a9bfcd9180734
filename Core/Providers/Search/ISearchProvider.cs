using System.Collections.Immutable;

namespace ServerlessAi.Providers.Search;

/// <param name="Model">The vendor's name of the model.</param>
/// <param name="MaxResults">Results wanted at most.</param>
public sealed record SearchCall(string Model, string Query, int MaxResults);

/// <summary>One page found.</summary>
/// <param name="Snippet">What the page says about it, without markup as far as the vendor gives it so; may be empty.</param>
/// <param name="Score">How well it fits, on the vendor's own scale; null when it has none.</param>
public sealed record SearchHit(string Title, Uri Url, string Snippet, double? Score, DateTimeOffset? PublishedAt);

public sealed record SearchResult(ImmutableArray<SearchHit> Results);

/// <summary>One vendor of web search.</summary>
public interface ISearchProvider
{
    /// <summary>As catalog entries name it.</summary>
    string Name { get; }

    /// <summary>Asks once, without retrying. Vendor errors come back as failures; only cancellation throws.</summary>
    Task<ProviderOutcome<SearchResult>> SearchAsync(SearchCall call, CancellationToken cancellationToken);
}
