using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Privacy;

namespace ServerlessAi.Functions.Privacy;

/// <summary>Everything held on the caller, as JSON, written while it is read.</summary>
public sealed class AccountExportFunction(AccountExport export, TimeProvider time)
{
    private const int ItemsPerFlush = 100;

    [Function("account-export")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "account/export")] HttpRequest http, CancellationToken cancellationToken)
    {
        var (user, response) = (http.Caller().UserId, http.HttpContext.Response);
        await using var items = export.ReadAsync(user, cancellationToken).GetAsyncEnumerator(cancellationToken);
        // Before anything is sent, so that storage that fails at once is still answered with a problem.
        var hasMore = await items.MoveNextAsync();
        response.ContentType = "application/json; charset=utf-8";
        response.Headers.ContentDisposition = "attachment; filename=\"account.json\"";
        // From here on it is a whole answer or none: what breaks off now must not end with a problem behind half of it.
        await response.StartAsync(cancellationToken);
        await using var json = new Utf8JsonWriter(response.BodyWriter, new JsonWriterOptions { Encoder = Wire.Json.Encoder });
        json.WriteStartObject();
        json.WriteString("userId", user);
        json.WriteString("exportedAt", time.GetUtcNow());
        json.WriteStartArray("items");
        for (var count = 1; hasMore; count++)
        {
            JsonSerializer.Serialize(json, items.Current, Wire.Json);
            if (count % ItemsPerFlush == 0)
            {
                await json.FlushAsync(cancellationToken);
                await response.BodyWriter.FlushAsync(cancellationToken);
            }

            hasMore = await items.MoveNextAsync();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
        return new EmptyResult();
    }
}
