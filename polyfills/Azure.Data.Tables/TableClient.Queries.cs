using System.Linq.Expressions;
using Azure.Data.Tables.Entities;
using Azure.Data.Tables.Filters;
using Azure.Data.Tables.Wire;

namespace Azure.Data.Tables;

/// <content>Queries, page by page.</content>
public partial class TableClient
{
    public virtual Pageable<T> Query<T>(
        Expression<Func<T, bool>> filter, int? maxPerPage = null, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity =>
        Query<T>(FilterExpression.Translate(filter), maxPerPage, select, cancellationToken);

    public virtual Pageable<T> Query<T>(
        string filter = null, int? maxPerPage = null, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity =>
        new QueryPages<T>(Pages<T>(filter, maxPerPage, select), cancellationToken);

    public virtual AsyncPageable<T> QueryAsync<T>(
        Expression<Func<T, bool>> filter, int? maxPerPage = null, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity =>
        QueryAsync<T>(FilterExpression.Translate(filter), maxPerPage, select, cancellationToken);

    public virtual AsyncPageable<T> QueryAsync<T>(
        string filter = null, int? maxPerPage = null, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity =>
        new AsyncQueryPages<T>(Pages<T>(filter, maxPerPage, select), cancellationToken);

    private FetchPage<T> Pages<T>(string filter, int? maxPerPage, IEnumerable<string> select)
        where T : class, ITableEntity
    {
        string columns = Columns(select);
        return async (continuation, pageSize, async, cancellationToken) =>
        {
            var query = new QueryPart(filter, pageSize ?? maxPerPage, columns);
            Response response = await _endpoint.SendAsync(_requests.Query(Name, query, continuation), async, cancellationToken).ConfigureAwait(false);
            return Page<T>.FromValues(EntityReader.ReadMany<T>(response.Content.ToMemory()), Continuation.OfEntities(response), response);
        };
    }
}
