namespace Azure.Data.Tables.Wire;

/// <summary>Fetches one page: the continuation and size to ask for, and whether to wait asynchronously.</summary>
internal delegate ValueTask<Page<T>> FetchPage<T>(string continuation, int? pageSize, bool async, CancellationToken cancellationToken);

/// <summary>A page may be empty and still have a successor: only a missing continuation ends the query.</summary>
internal sealed class AsyncQueryPages<T>(FetchPage<T> fetch, CancellationToken cancellationToken) : AsyncPageable<T>(cancellationToken)
{
    public override async IAsyncEnumerable<Page<T>> AsPages(string continuationToken = null, int? pageSizeHint = null)
    {
        do
        {
            Page<T> page = await fetch(continuationToken, pageSizeHint, true, CancellationToken).ConfigureAwait(false);
            yield return page;
            continuationToken = page.ContinuationToken;
        }
        while (continuationToken is not null);
    }
}

internal sealed class QueryPages<T>(FetchPage<T> fetch, CancellationToken cancellationToken) : Pageable<T>(cancellationToken)
{
    public override IEnumerable<Page<T>> AsPages(string continuationToken = null, int? pageSizeHint = null)
    {
        do
        {
            Page<T> page = fetch(continuationToken, pageSizeHint, false, CancellationToken).Finished();
            yield return page;
            continuationToken = page.ContinuationToken;
        }
        while (continuationToken is not null);
    }
}
