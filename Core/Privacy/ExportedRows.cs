using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Storage;

namespace ServerlessAi.Privacy;

/// <summary>Rows and records as JSON that may be handed out: whole, and without secrets at any depth.</summary>
internal static class ExportedRows
{
    private const string Body = "Body";

    private static readonly HashSet<string> Own = new(StringComparer.Ordinal) { "PartitionKey", "RowKey", "Timestamp", "odata.etag" };

    private static readonly HashSet<string> Secrets = new(StringComparer.OrdinalIgnoreCase) { "webhookSecret", "secret", "secretHash", "codeHash" };

    public static JsonObject Of(TableEntity row)
    {
        if (string.Equals(row.RowKey, AccountRows.StateKey, StringComparison.Ordinal))
        {
            return Of(AccountRows.ToState(row));
        }

        var data = new JsonObject();
        foreach (var (name, value) in row.Where(property => !Own.Contains(property.Key) && !Secrets.Contains(property.Key) && !LongText.IsContinuation(row, property.Key)))
        {
            data[name] = value is not string ? JsonValue.Create(Plain(value))
                : string.Equals(name, Body, StringComparison.Ordinal) ? Parse(LongText.Read(row, name))
                : JsonValue.Create(LongText.Read(row, name));
        }

        return data;
    }

    public static JsonObject Of<T>(T record)
        where T : class => Clean(JsonNode.Parse(StoredJson.Write(record))!.AsObject());

    // What the app writes under this name is JSON; what is not is shown as it stands rather than kept from its owner.
    private static JsonNode? Parse(string body)
    {
        try
        {
            return JsonNode.Parse(body) is JsonObject json ? Clean(json) : JsonValue.Create(body);
        }
        catch (JsonException)
        {
            return JsonValue.Create(body);
        }
    }

    private static JsonObject Clean(JsonObject json)
    {
        foreach (var (name, value) in json.ToList())
        {
            if (Secrets.Contains(name))
            {
                json.Remove(name);
            }

            CleanWithin(value);
        }

        return json;
    }

    private static void CleanWithin(JsonNode? value)
    {
        switch (value)
        {
            case JsonObject inner:
                Clean(inner);
                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    CleanWithin(item);
                }

                break;
        }
    }

    private static string? Plain(object? value) => value switch
    {
        null => null,
        byte[] bytes => Convert.ToBase64String(bytes),
        DateTimeOffset at => at.ToString("O", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(format: null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}
