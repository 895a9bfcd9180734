using Azure.Core;
using Azure.Data.Tables.Entities;
using Azure.Data.Tables.Wire;

namespace Azure.Data.Tables;

/// <content>Point operations.</content>
public partial class TableClient
{
    /// <summary>Fails with 409 if the row exists. The new ETag is in the response's header; the entity stays as it is.</summary>
    public virtual Response AddEntity<T>(T entity, CancellationToken cancellationToken = default)
        where T : ITableEntity =>
        _endpoint.SendAsync(_requests.Insert(Name, Checked(entity)), async: false, cancellationToken).Finished();

    public virtual async Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : ITableEntity =>
        await _endpoint.SendAsync(_requests.Insert(Name, Checked(entity)), async: true, cancellationToken).ConfigureAwait(false);

    public virtual Response<T> GetEntity<T>(
        string partitionKey, string rowKey, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity =>
        (Response<T>)GetAsync<T>(partitionKey, rowKey, select, mayMiss: false, async: false, cancellationToken).Finished();

    public virtual async Task<Response<T>> GetEntityAsync<T>(
        string partitionKey, string rowKey, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity =>
        (Response<T>)await GetAsync<T>(partitionKey, rowKey, select, mayMiss: false, async: true, cancellationToken).ConfigureAwait(false);

    public virtual NullableResponse<T> GetEntityIfExists<T>(
        string partitionKey, string rowKey, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity =>
        GetAsync<T>(partitionKey, rowKey, select, mayMiss: true, async: false, cancellationToken).Finished();

    public virtual async Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
        string partitionKey, string rowKey, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity =>
        await GetAsync<T>(partitionKey, rowKey, select, mayMiss: true, async: true, cancellationToken).ConfigureAwait(false);

    public virtual Response UpdateEntity<T>(
        T entity, ETag ifMatch, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default)
        where T : ITableEntity =>
        _endpoint.SendAsync(_requests.Update(Name, Checked(entity), mode, Checked(ifMatch)), async: false, cancellationToken).Finished();

    public virtual async Task<Response> UpdateEntityAsync<T>(
        T entity, ETag ifMatch, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default)
        where T : ITableEntity =>
        await _endpoint.SendAsync(_requests.Update(Name, Checked(entity), mode, Checked(ifMatch)), async: true, cancellationToken).ConfigureAwait(false);

    public virtual Response UpsertEntity<T>(T entity, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default)
        where T : ITableEntity =>
        _endpoint.SendAsync(_requests.Update(Name, Checked(entity), mode, default), async: false, cancellationToken).Finished();

    public virtual async Task<Response> UpsertEntityAsync<T>(
        T entity, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default)
        where T : ITableEntity =>
        await _endpoint.SendAsync(_requests.Update(Name, Checked(entity), mode, default), async: true, cancellationToken).ConfigureAwait(false);

    /// <summary>A row that is not there answers 404 without an exception.</summary>
    public virtual Response DeleteEntity(string partitionKey, string rowKey, ETag ifMatch = default, CancellationToken cancellationToken = default) =>
        _endpoint.SendAsync(Deletion(partitionKey, rowKey, ifMatch), async: false, cancellationToken, expectedStatus: 404).Finished();

    public virtual async Task<Response> DeleteEntityAsync(
        string partitionKey, string rowKey, ETag ifMatch = default, CancellationToken cancellationToken = default) =>
        await _endpoint.SendAsync(Deletion(partitionKey, rowKey, ifMatch), async: true, cancellationToken, expectedStatus: 404).ConfigureAwait(false);

    public virtual Response DeleteEntity(ITableEntity entity, ETag ifMatch = default, CancellationToken cancellationToken = default) =>
        DeleteEntity(Checked(entity).PartitionKey, entity.RowKey, ifMatch, cancellationToken);

    public virtual Task<Response> DeleteEntityAsync(ITableEntity entity, ETag ifMatch = default, CancellationToken cancellationToken = default) =>
        DeleteEntityAsync(Checked(entity).PartitionKey, entity.RowKey, ifMatch, cancellationToken);

    private HttpMessage Deletion(string partitionKey, string rowKey, ETag ifMatch)
    {
        ArgumentNullException.ThrowIfNull(partitionKey);
        ArgumentNullException.ThrowIfNull(rowKey);
        return _requests.Delete(Name, partitionKey, rowKey, ifMatch);
    }

    private async ValueTask<NullableResponse<T>> GetAsync<T>(
        string partitionKey, string rowKey, IEnumerable<string> select, bool mayMiss, bool async, CancellationToken cancellationToken)
        where T : class, ITableEntity
    {
        ArgumentNullException.ThrowIfNull(partitionKey);
        ArgumentNullException.ThrowIfNull(rowKey);
        HttpMessage message = _requests.Get(Name, partitionKey, rowKey, Columns(select));
        Response response = await _endpoint.SendAsync(message, async, cancellationToken, mayMiss ? 404 : 0).ConfigureAwait(false);
        return response.Status == 404
            ? new NoValueResponse<T>(response)
            : Response.FromValue(EntityReader.ReadOne<T>(response.Content.ToMemory()), response);
    }

    private static string Columns(IEnumerable<string> select) => select is null ? null : string.Join(',', select);

    private static ITableEntity Checked(ITableEntity entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        ArgumentNullException.ThrowIfNull(entity.PartitionKey, nameof(entity.PartitionKey));
        ArgumentNullException.ThrowIfNull(entity.RowKey, nameof(entity.RowKey));
        return entity;
    }

    /// <summary>An update says what it expects; <see cref="ETag.All"/> says "anything".</summary>
    private static ETag Checked(ETag ifMatch) => ifMatch == default ? throw new ArgumentException("Value cannot be empty.", nameof(ifMatch)) : ifMatch;
}
