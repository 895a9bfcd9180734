using System.Linq.Expressions;
using Azure.Core;
using Azure.Data.Tables.Filters;
using Azure.Data.Tables.Models;
using Azure.Data.Tables.Wire;

namespace Azure.Data.Tables;

/// <summary>One table. Thread-safe; keep it for the life of the application.</summary>
public partial class TableClient
{
    private readonly TableEndpoint _endpoint;
    private readonly TableRequests _requests;

    public TableClient(string connectionString, string tableName)
        : this(connectionString, tableName, null)
    {
    }

    public TableClient(string connectionString, string tableName, TableClientOptions options = null)
        : this(TableEndpoint.WithConnectionString(connectionString, options), tableName)
    {
    }

    /// <summary>An address that ends in the table's name and carries a shared access signature.</summary>
    public TableClient(Uri endpoint, TableClientOptions options = null)
        : this(TableEndpoint.WithSignedUri(ParentOf(endpoint), options), endpoint.Segments[^1].Trim('/'))
    {
    }

    public TableClient(Uri endpoint, string tableName, TableSharedKeyCredential credential)
        : this(endpoint, tableName, credential, null)
    {
    }

    public TableClient(Uri endpoint, string tableName, TableSharedKeyCredential credential, TableClientOptions options = null)
        : this(TableEndpoint.WithKey(endpoint, credential, options), tableName)
    {
    }

    public TableClient(Uri endpoint, string tableName, TokenCredential tokenCredential, TableClientOptions options = null)
        : this(TableEndpoint.WithToken(endpoint, tokenCredential, options), tableName)
    {
    }

    internal TableClient(TableEndpoint endpoint, string tableName)
    {
        ArgumentException.ThrowIfNullOrEmpty(tableName);
        _endpoint = endpoint;
        _requests = new TableRequests(endpoint);
        Name = tableName;
    }

    protected TableClient()
    {
    }

    public virtual string Name { get; }

    public virtual string AccountName => _endpoint.AccountName;

    public virtual Uri Uri => new(_endpoint.Uri.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/" + Name);

    public static string CreateQueryFilter<T>(Expression<Func<T, bool>> filter) => FilterExpression.Translate(filter);

    public static string CreateQueryFilter(FormattableString filter) => FilterExpression.Translate(filter);

    public virtual Response<TableItem> Create(CancellationToken cancellationToken = default) =>
        CreateAsync(Name, mayExist: false, async: false, cancellationToken).Finished();

    public virtual async Task<Response<TableItem>> CreateAsync(CancellationToken cancellationToken = default) =>
        await CreateAsync(Name, mayExist: false, async: true, cancellationToken).ConfigureAwait(false);

    /// <summary>Never null: the raw response says 409 when the table was there.</summary>
    public virtual Response<TableItem> CreateIfNotExists(CancellationToken cancellationToken = default) =>
        CreateAsync(Name, mayExist: true, async: false, cancellationToken).Finished();

    public virtual async Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default) =>
        await CreateAsync(Name, mayExist: true, async: true, cancellationToken).ConfigureAwait(false);

    public virtual Response Delete(CancellationToken cancellationToken = default) =>
        _endpoint.SendAsync(_requests.DeleteTable(Name), async: false, cancellationToken, expectedStatus: 404).Finished();

    public virtual async Task<Response> DeleteAsync(CancellationToken cancellationToken = default) =>
        await _endpoint.SendAsync(_requests.DeleteTable(Name), async: true, cancellationToken, expectedStatus: 404).ConfigureAwait(false);

    internal async ValueTask<Response<TableItem>> CreateAsync(string table, bool mayExist, bool async, CancellationToken cancellationToken)
    {
        Response response = await _endpoint.SendAsync(_requests.CreateTable(table), async, cancellationToken, mayExist ? 409 : 0).ConfigureAwait(false);
        if (response.Status == 409 && new RequestFailedException(response).ErrorCode != TableErrorCode.TableAlreadyExists)
        {
            throw new RequestFailedException(response);
        }

        return Response.FromValue(new TableItem(table), response);
    }

    private static Uri ParentOf(Uri endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return new UriBuilder(endpoint) { Path = string.Concat(endpoint.Segments[..^1]) }.Uri;
    }
}
