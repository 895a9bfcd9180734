using System.Buffers;
using System.Globalization;
using System.Text;
using Azure.Core;
using Azure.Data.Tables.Entities;

namespace Azure.Data.Tables.Wire;

/// <summary>The multipart body of a transaction: a batch that holds one changeset, which holds one HTTP request per action.</summary>
internal sealed class TransactionBody
{
    private const int InitialBytes = 8192;

    private readonly ArrayBufferWriter<byte> _buffer = new(InitialBytes);
    private readonly ArrayBufferWriter<byte> _entity = new(InitialBytes);
    private readonly string _batch = $"batch_{Guid.NewGuid()}";
    private readonly string _changeset = $"changeset_{Guid.NewGuid()}";
    private readonly string _table;
    private readonly Uri _endpoint;

    private TransactionBody(Uri endpoint, string table)
    {
        _endpoint = endpoint;
        _table = table;
    }

    internal string ContentType => $"multipart/mixed; boundary={_batch}";

    internal ReadOnlyMemory<byte> Bytes => _buffer.WrittenMemory;

    internal static TransactionBody Build(Uri endpoint, string table, IEnumerable<TableTransactionAction> actions)
    {
        ArgumentNullException.ThrowIfNull(actions);
        var body = new TransactionBody(endpoint, table);
        body.Write($"--{body._batch}\r\nContent-Type: multipart/mixed; boundary={body._changeset}\r\n\r\n");
        bool empty = true;
        foreach (TableTransactionAction action in actions)
        {
            empty = false;
            body.Write($"--{body._changeset}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n");
            body.Add(action);
        }

        if (empty)
        {
            throw new InvalidOperationException("The batch contains no entity operations.");
        }

        body.Write($"--{body._changeset}--\r\n--{body._batch}--\r\n");
        return body;
    }

    private void Add(TableTransactionAction action)
    {
        switch (action.ActionType)
        {
            case TableTransactionActionType.Add:
                AddRequest(RequestMethod.Post, _table, "Prefer: return-no-content\r\n", action.Entity);
                break;
            case TableTransactionActionType.Delete:
                AddRequest(RequestMethod.Delete, PathOf(action), IfMatch(action.ETag == default ? ETag.All : action.ETag), null);
                break;
            case TableTransactionActionType.UpdateMerge:
                AddRequest(RequestMethod.Patch, PathOf(action), IfMatch(action.ETag), action.Entity);
                break;
            case TableTransactionActionType.UpdateReplace:
                AddRequest(RequestMethod.Put, PathOf(action), IfMatch(action.ETag), action.Entity);
                break;
            case TableTransactionActionType.UpsertMerge:
                AddRequest(RequestMethod.Patch, PathOf(action), "", action.Entity);
                break;
            case TableTransactionActionType.UpsertReplace:
                AddRequest(RequestMethod.Put, PathOf(action), "", action.Entity);
                break;
            default:
                throw new InvalidOperationException("Unknown request type.");
        }
    }

    private void AddRequest(RequestMethod method, string path, string headers, ITableEntity entity)
    {
        Write($"{method} {_endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{path}?$format=application%2Fjson%3Bodata%3Dminimalmetadata HTTP/1.1\r\n");
        Write($"Host: {_endpoint.Authority}\r\nDataServiceVersion: 3.0\r\nAccept: {TableRequests.MinimalMetadata}\r\n{headers}");
        if (entity is not null)
        {
            _entity.ResetWrittenCount();
            EntityWriter.Write(_entity, entity);
            Write($"Content-Type: {TableRequests.NoMetadata}\r\nContent-Length: {_entity.WrittenCount}\r\n\r\n");
            _buffer.Write(_entity.WrittenSpan);
        }

        Write($"\r\n");
        if (entity is null)
        {
            Write($"\r\n");
        }
    }

    private string PathOf(TableTransactionAction action) => TableRequests.EntityPath(_table, action.Entity.PartitionKey, action.Entity.RowKey);

    private static string IfMatch(ETag etag) => etag == default ? "" : $"If-Match: {etag.ToString("H")}\r\n";

    private void Write(FormattableString text) => Encoding.UTF8.GetBytes(text.ToString(CultureInfo.InvariantCulture), _buffer);
}
