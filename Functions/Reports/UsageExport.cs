using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;
using ServerlessAi.Reporting;

namespace ServerlessAi.Functions.Reports;

/// <summary>The usage log as CSV or JSON, sent while it is read (mission B12).</summary>
public sealed class UsageExport(Exports exports, TimeProvider time)
{
    private static readonly TimeSpan DefaultSpan = TimeSpan.FromDays(31);

    [Function("usage-export")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "usage/export")] HttpRequest http, CancellationToken cancellationToken)
    {
        var (format, now) = (http.Query["format"].ToString(), time.GetUtcNow());
        var to = Instant(http, "to", now.AddTicks(1));
        var from = Instant(http, "from", (to ?? now) - DefaultSpan);
        if (format is not ("csv" or "json" or "") || from is null || to is null || from >= to)
        {
            return Problems.From(Refusal.Invalid("'format' must be csv or json; 'from' and 'to' dates or instants (ISO 8601), 'from' before 'to'."), http.HttpContext);
        }

        var lines = exports.ReadAsync(http.Caller().AccountId, from.Value, to.Value, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (lines)
        {
            // The first page before the status: what storage does not give at once can still be answered with a problem.
            var all = Rest(lines, await lines.MoveNextAsync());
            await SendAsync(http.HttpContext.Response, isCsv: format is not "json", all, cancellationToken);
        }

        return new EmptyResult();
    }

    private static async Task SendAsync(HttpResponse response, bool isCsv, IAsyncEnumerable<ExportLine> lines, CancellationToken cancellationToken)
    {
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        response.ContentType = isCsv ? "text/csv; charset=utf-8" : "application/json; charset=utf-8";
        response.Headers.ContentDisposition = $"attachment; filename=\"usage.{(isCsv ? "csv" : "json")}\"";
        if (isCsv)
        {
            await Exports.WriteCsvAsync(lines, response.Body, cancellationToken);
        }
        else
        {
            await JsonSerializer.SerializeAsync(response.Body, lines, Wire.Json, cancellationToken);
        }
    }

    private static async IAsyncEnumerable<ExportLine> Rest(IAsyncEnumerator<ExportLine> lines, bool hasFirst)
    {
        for (var more = hasFirst; more; more = await lines.MoveNextAsync())
        {
            yield return lines.Current;
        }
    }

    private static DateTimeOffset? Instant(HttpRequest http, string name, DateTimeOffset absent)
    {
        var text = http.Query[name].ToString();
        return text.Length == 0 ? absent
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) && at.Year is > 2000 and < 9000 ? at
            : null;
    }
}
