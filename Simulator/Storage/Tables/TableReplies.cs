using System.Text.Json;

namespace ServerlessAi.Simulator.Storage.Tables;

/// <summary>Answers of the table service.</summary>
internal static class TableReplies
{
    public const string MinimalMetadata = "application/json;odata=minimalmetadata;streaming=true;charset=utf-8";

    public static WireReply Error(ServiceErrorException error) =>
        new(error.Status, ErrorBody(error), ("Content-Type", MinimalMetadata), ("x-ms-error-code", error.Code));

    public static byte[] ErrorBody(ServiceErrorException error) => EntityJson.ToBytes(json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("odata.error");
        json.WriteString("code", error.Code);
        json.WriteStartObject("message");
        json.WriteString("lang", "en-US");
        json.WriteString("value", error.Message);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    });

    public static WireReply Json(int status, Action<Utf8JsonWriter> write, params IEnumerable<(string Name, string Value)> headers) =>
        new(status, EntityJson.ToBytes(write), [("Content-Type", MinimalMetadata), .. headers]);

    public static WireReply Table(int status, string name) => Json(status, json => WriteTable(json, name));

    public static void WriteTable(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject();
        json.WriteString("TableName", name);
        json.WriteEndObject();
    }

    public static WireReply Page<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> write, params IEnumerable<(string Name, string Value)> headers) => Json(
        200,
        json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("value");
            foreach (var item in items)
            {
                write(json, item);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        },
        headers);
}
