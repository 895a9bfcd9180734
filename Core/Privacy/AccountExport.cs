using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Storage;

namespace ServerlessAi.Privacy;

/// <summary>One thing that is held on a user.</summary>
/// <param name="Kind">What it is: <c>account</c>, <c>entry</c>, <c>use</c>, <c>image</c>, <c>key</c>, ...</param>
/// <param name="Id">Its name among its kind.</param>
public sealed record ExportedItem(string Kind, string Id, JsonNode? Data);

/// <summary>Everything held on a user, as it is stored, secrets left out. One row at a time: it may be long.</summary>
public sealed class AccountExport(Tables tables, Members members, ApiKeys keys, TimeProvider time)
{
    private static readonly HashSet<string> Secrets = new(StringComparer.OrdinalIgnoreCase) { "webhookSecret", "secret", "codeHash", "odata.etag" };

    public async IAsyncEnumerable<ExportedItem> ReadAsync(string userId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await members.ReadTeamAsync(userId, cancellationToken) is { } team)
        {
            yield return new ExportedItem("team", team, Data: null);
        }

        await foreach (var key in keys.ListAsync(userId, "", cancellationToken))
        {
            yield return new ExportedItem("key", key.Prefix, new JsonObject { ["name"] = key.Name, ["createdAt"] = key.CreatedAt, ["revokedAt"] = key.RevokedAt });
        }

        var client = await tables.GetAsync(TableNames.Accounts);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(userId)}");
        await foreach (var row in client.ReadLongAsync(filter, time, cancellationToken))
        {
            if (row.RowKey.StartsWith(AlertRows.Newest, StringComparison.Ordinal))
            {
                // The same alerts in another order.
                continue;
            }

            var parts = row.RowKey.Split('|', 2);
            yield return new ExportedItem(parts[0], parts.Length > 1 ? parts[1] : "", ToJson(row));
        }
    }

    // A body that spans several properties is put together by whoever owns it; here the state is the only one that is read as a whole.
    private static JsonObject ToJson(TableEntity row)
    {
        var data = new JsonObject();
        if (string.Equals(row.RowKey, AccountRows.StateKey, StringComparison.Ordinal))
        {
            return Clean(JsonNode.Parse(StoredJson.Write(AccountRows.ToState(row)))!.AsObject());
        }

        foreach (var (name, value) in row.Where(property => property.Key is not ("PartitionKey" or "RowKey" or "Timestamp") && !Secrets.Contains(property.Key)))
        {
            data[name] = value is string text && string.Equals(name, "Body", StringComparison.Ordinal) && text.StartsWith('{') ? Clean(JsonNode.Parse(text)!.AsObject()) : JsonValue.Create(Plain(value));
        }

        return data;
    }

    private static JsonObject Clean(JsonObject json)
    {
        foreach (var name in json.Select(member => member.Key).Where(Secrets.Contains).ToList())
        {
            json.Remove(name);
        }

        return json;
    }

    private static string? Plain(object? value) => value switch
    {
        null => null,
        byte[] bytes => Convert.ToBase64String(bytes),
        DateTimeOffset at => at.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(format: null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}
