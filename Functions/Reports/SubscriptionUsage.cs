using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;
using ServerlessAi.Reporting;

namespace ServerlessAi.Functions.Reports;

/// <summary>A month of a user by provider and model, and how months and days compare (mission E5).</summary>
public sealed class SubscriptionUsage(UsageReports reports)
{
    private const int DefaultMonths = 6;

    [Function("subscription-usage")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "subscription/usage/{userId}")] HttpRequest http, string userId, CancellationToken cancellationToken)
    {
        var period = Periods.Read(http);
        return period.Succeeded
            ? Answers.Data(await reports.ReadAsync(http.Caller().AccountId, period.Value.Start, cancellationToken))
            : Problems.From(period.Refusal, http.HttpContext);
    }

    [Function("subscription-trends")]
    [Allow(Role.User, Scope = Scopes.Read)]
    public async Task<IActionResult> RunTrends(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "subscription/usage/{userId}/trends")] HttpRequest http, string userId, CancellationToken cancellationToken)
    {
        var text = http.Query["months"].ToString();
        var months = DefaultMonths;
        if (text.Length > 0 && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out months) || months is < 1 or > UsageReports.MonthsLimit))
        {
            return Problems.From(Refusal.Invalid($"'months' must be 1 to {UsageReports.MonthsLimit}."), http.HttpContext);
        }

        return Answers.Data(await reports.ReadTrendsAsync(http.Caller().AccountId, months, cancellationToken));
    }

    /// <summary>The query's <c>period</c>.</summary>
    /// <param name="Start">Null: it was left out.</param>
    internal sealed record Periods(DateTimeOffset? Start)
    {
        public static Answer<Periods> Read(HttpRequest http)
        {
            var text = http.Query["period"].ToString();
            return text.Length == 0 ? new Periods(Start: null)
                : BillingPeriod.Parse(text) is { } start ? new Periods(start)
                : Refusal.Invalid("'period' must be a month: yyyy-MM.");
        }
    }
}
