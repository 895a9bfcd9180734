using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Azure.Core;
using Azure.Data.Tables.Entities;

namespace Azure.Data.Tables.Wire;

/// <summary>How many, which columns and from where: the parts of a query besides its filter.</summary>
internal sealed record QueryPart(string Filter, int? Top, string Select);

/// <summary>Builds the service's requests.</summary>
internal sealed class TableRequests(TableEndpoint endpoint)
{
    internal const string MinimalMetadata = "application/json;odata=minimalmetadata";
    internal const string NoMetadata = "application/json;odata=nometadata";

    private const int InitialBytes = 2048;

    internal static string Quote(string key) => key.Replace("'", "''", StringComparison.Ordinal);

    internal static string EntityPath(string table, string partitionKey, string rowKey) =>
        $"{table}(PartitionKey='{Uri.EscapeDataString(Quote(partitionKey))}',RowKey='{Uri.EscapeDataString(Quote(rowKey))}')";

    internal static ReadOnlyMemory<byte> Body(ITableEntity entity)
    {
        var buffer = new ArrayBufferWriter<byte>(InitialBytes);
        EntityWriter.Write(buffer, entity);
        return buffer.WrittenMemory;
    }

    internal HttpMessage CreateTable(string table)
    {
        HttpMessage message = Create(RequestMethod.Post, "Tables", format: true);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("TableName", table);
            json.WriteEndObject();
        }

        return WithContent(message, buffer.WrittenMemory);
    }

    internal HttpMessage DeleteTable(string table) => Create(RequestMethod.Delete, $"Tables('{Uri.EscapeDataString(table)}')", format: false);

    internal HttpMessage QueryTables(QueryPart query, string continuation)
    {
        HttpMessage message = Create(RequestMethod.Get, "Tables", format: true);
        AddQuery(message.Request.Uri, query);
        AddOption(message.Request.Uri, "NextTableName", continuation);
        return message;
    }

    internal HttpMessage Insert(string table, ITableEntity entity)
    {
        HttpMessage message = Create(RequestMethod.Post, table, format: true);
        message.Request.Headers.Add("Prefer", "return-no-content");
        return WithContent(message, Body(entity));
    }

    internal HttpMessage Update(string table, ITableEntity entity, TableUpdateMode mode, ETag ifMatch)
    {
        HttpMessage message = Create(MethodOf(mode), EntityPath(table, entity.PartitionKey, entity.RowKey), format: true);
        if (ifMatch != default)
        {
            message.Request.Headers.Add("If-Match", ifMatch.ToString("H"));
        }

        return WithContent(message, Body(entity));
    }

    internal HttpMessage Delete(string table, string partitionKey, string rowKey, ETag ifMatch)
    {
        HttpMessage message = Create(RequestMethod.Delete, EntityPath(table, partitionKey, rowKey), format: true);
        message.Request.Headers.Add("If-Match", (ifMatch == default ? ETag.All : ifMatch).ToString("H"));
        return message;
    }

    internal HttpMessage Get(string table, string partitionKey, string rowKey, string select)
    {
        HttpMessage message = Create(RequestMethod.Get, EntityPath(table, partitionKey, rowKey), format: true);
        AddOption(message.Request.Uri, "$select", select);
        return message;
    }

    internal HttpMessage Query(string table, QueryPart query, string continuation)
    {
        HttpMessage message = Create(RequestMethod.Get, $"{table}()", format: true);
        AddQuery(message.Request.Uri, query);
        (string partitionKey, string rowKey) = Continuation.Split(continuation);
        AddOption(message.Request.Uri, "NextPartitionKey", partitionKey);
        AddOption(message.Request.Uri, "NextRowKey", rowKey);
        return message;
    }

    internal HttpMessage Batch(TransactionBody body)
    {
        HttpMessage message = Create(RequestMethod.Post, "$batch", format: false);
        message.Request.Headers.SetValue("Accept", "application/json");
        message.Request.Headers.Add("Content-Type", body.ContentType);
        message.Request.Content = RequestContent.Create(body.Bytes);
        return message;
    }

    internal static RequestMethod MethodOf(TableUpdateMode mode) => mode switch
    {
        TableUpdateMode.Merge => RequestMethod.Patch,
        TableUpdateMode.Replace => RequestMethod.Put,
        _ => throw new ArgumentException($"Unexpected value for {nameof(mode)}: {mode}"),
    };

    private HttpMessage Create(RequestMethod method, string path, bool format)
    {
        HttpMessage message = endpoint.Pipeline.CreateMessage();
        Request request = message.Request;
        request.Method = method;
        request.Uri.Reset(endpoint.Uri);
        request.Uri.AppendPath(request.Uri.Path.EndsWith('/') ? path : "/" + path, escape: false);
        if (format)
        {
            request.Uri.AppendQuery("$format", MinimalMetadata, escapeValue: true);
        }

        request.Headers.Add("x-ms-version", endpoint.Version);
        request.Headers.Add("DataServiceVersion", "3.0");
        request.Headers.Add("Accept", MinimalMetadata);
        return message;
    }

    private static HttpMessage WithContent(HttpMessage message, ReadOnlyMemory<byte> body)
    {
        message.Request.Headers.Add("Content-Type", NoMetadata);
        message.Request.Content = RequestContent.Create(body);
        return message;
    }

    private static void AddQuery(RequestUriBuilder uri, QueryPart query)
    {
        AddOption(uri, "$top", query.Top?.ToString(CultureInfo.InvariantCulture));
        AddOption(uri, "$select", query.Select);
        AddOption(uri, "$filter", query.Filter);
    }

    private static void AddOption(RequestUriBuilder uri, string name, string value)
    {
        if (value is not null)
        {
            uri.AppendQuery(name, value, escapeValue: true);
        }
    }
}
