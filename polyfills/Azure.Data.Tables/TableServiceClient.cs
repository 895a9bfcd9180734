using System.Linq.Expressions;
using System.Text.Json;
using Azure.Core;
using Azure.Data.Tables.Filters;
using Azure.Data.Tables.Models;
using Azure.Data.Tables.Wire;

namespace Azure.Data.Tables;

/// <summary>The table service of an account. Its table clients share its pipeline.</summary>
public class TableServiceClient
{
    private readonly TableEndpoint _endpoint;
    private readonly TableRequests _requests;

    public TableServiceClient(string connectionString)
        : this(connectionString, null)
    {
    }

    public TableServiceClient(string connectionString, TableClientOptions options = null)
        : this(TableEndpoint.WithConnectionString(connectionString, options))
    {
    }

    public TableServiceClient(Uri endpoint, TableClientOptions options = null)
        : this(TableEndpoint.WithSignedUri(endpoint, options))
    {
    }

    public TableServiceClient(Uri endpoint, TableSharedKeyCredential credential)
        : this(endpoint, credential, null)
    {
    }

    public TableServiceClient(Uri endpoint, TableSharedKeyCredential credential, TableClientOptions options)
        : this(TableEndpoint.WithKey(endpoint, credential, options))
    {
    }

    public TableServiceClient(Uri endpoint, TokenCredential tokenCredential, TableClientOptions options = null)
        : this(TableEndpoint.WithToken(endpoint, tokenCredential, options))
    {
    }

    protected TableServiceClient()
    {
    }

    private TableServiceClient(TableEndpoint endpoint)
    {
        _endpoint = endpoint;
        _requests = new TableRequests(endpoint);
    }

    public virtual string AccountName => _endpoint.AccountName;

    public virtual Uri Uri => new(_endpoint.Uri.GetLeftPart(UriPartial.Path));

    public static string CreateQueryFilter(Expression<Func<TableItem, bool>> filter) => FilterExpression.Translate(filter);

    public static string CreateQueryFilter(FormattableString filter) => FilterExpression.Translate(filter);

    public virtual TableClient GetTableClient(string tableName) => new(_endpoint, tableName);

    public virtual Response<TableItem> CreateTable(string tableName, CancellationToken cancellationToken = default) =>
        GetTableClient(tableName).Create(cancellationToken);

    public virtual Task<Response<TableItem>> CreateTableAsync(string tableName, CancellationToken cancellationToken = default) =>
        GetTableClient(tableName).CreateAsync(cancellationToken);

    public virtual Response<TableItem> CreateTableIfNotExists(string tableName, CancellationToken cancellationToken = default) =>
        GetTableClient(tableName).CreateIfNotExists(cancellationToken);

    public virtual Task<Response<TableItem>> CreateTableIfNotExistsAsync(string tableName, CancellationToken cancellationToken = default) =>
        GetTableClient(tableName).CreateIfNotExistsAsync(cancellationToken);

    public virtual Response DeleteTable(string tableName, CancellationToken cancellationToken = default) =>
        GetTableClient(tableName).Delete(cancellationToken);

    public virtual Task<Response> DeleteTableAsync(string tableName, CancellationToken cancellationToken = default) =>
        GetTableClient(tableName).DeleteAsync(cancellationToken);

    public virtual Pageable<TableItem> Query(string filter = null, int? maxPerPage = null, CancellationToken cancellationToken = default) =>
        new QueryPages<TableItem>(Pages(filter, maxPerPage), cancellationToken);

    public virtual Pageable<TableItem> Query(FormattableString filter, int? maxPerPage = null, CancellationToken cancellationToken = default) =>
        Query(FilterExpression.Translate(filter), maxPerPage, cancellationToken);

    public virtual Pageable<TableItem> Query(
        Expression<Func<TableItem, bool>> filter, int? maxPerPage = null, CancellationToken cancellationToken = default) =>
        Query(FilterExpression.Translate(filter), maxPerPage, cancellationToken);

    public virtual AsyncPageable<TableItem> QueryAsync(string filter = null, int? maxPerPage = null, CancellationToken cancellationToken = default) =>
        new AsyncQueryPages<TableItem>(Pages(filter, maxPerPage), cancellationToken);

    public virtual AsyncPageable<TableItem> QueryAsync(
        FormattableString filter, int? maxPerPage = null, CancellationToken cancellationToken = default) =>
        QueryAsync(FilterExpression.Translate(filter), maxPerPage, cancellationToken);

    public virtual AsyncPageable<TableItem> QueryAsync(
        Expression<Func<TableItem, bool>> filter, int? maxPerPage = null, CancellationToken cancellationToken = default) =>
        QueryAsync(FilterExpression.Translate(filter), maxPerPage, cancellationToken);

    private FetchPage<TableItem> Pages(string filter, int? maxPerPage) => async (continuation, pageSize, async, cancellationToken) =>
    {
        var query = new QueryPart(filter, pageSize ?? maxPerPage, null);
        Response response = await _endpoint.SendAsync(_requests.QueryTables(query, continuation), async, cancellationToken).ConfigureAwait(false);
        using JsonDocument body = JsonDocument.Parse(response.Content.ToMemory());
        List<TableItem> tables = [.. body.RootElement.GetProperty("value").EnumerateArray().Select(row => new TableItem(row.GetProperty("TableName").GetString()))];
        return Page<TableItem>.FromValues(tables, Continuation.OfTables(response), response);
    };
}
