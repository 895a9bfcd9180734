using System.Globalization;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Storage;

namespace ServerlessAi.Reporting;

/// <summary>Reads what transactions have added up. Each read is bounded by what is asked for, not by how much an account has used.</summary>
public sealed class RollUps(Tables tables)
{
    public async Task<MonthReport> ReadReportAsync(string accountId, string month, CancellationToken cancellationToken) =>
        await ReadRowAsync(accountId, ReportRows.MonthKey(month), cancellationToken) is { } row ? ReportRows.ToMonth(row) : new MonthReport(month);

    /// <returns>Empty when nothing was used in it.</returns>
    public async Task<MonthUse> ReadMonthAsync(string accountId, string month, CancellationToken cancellationToken) =>
        await ReadRowAsync(accountId, AccountRows.MonthKey(month), cancellationToken) is { } row ? AccountRows.ToMonth(row) : new MonthUse(month);

    /// <summary>Oldest first; months in which nothing was used are left out.</summary>
    public Task<IReadOnlyList<MonthUse>> ReadMonthsAsync(string accountId, string first, string last, CancellationToken cancellationToken) =>
        ReadAsync(accountId, AccountRows.MonthKey(first), AccountRows.MonthKey(last) + "}", limit: int.MaxValue, AccountRows.ToMonth, cancellationToken);

    /// <inheritdoc cref="ReadMonthsAsync"/>
    public Task<IReadOnlyList<DayUse>> ReadDaysAsync(string accountId, string first, string last, CancellationToken cancellationToken) =>
        ReadAsync(accountId, AccountRows.DayKey(first), AccountRows.DayKey(last) + "}", limit: int.MaxValue, AccountRows.ToDay, cancellationToken);

    /// <summary>Answers from the cache by day, <c>yyyyMMdd</c>.</summary>
    public async Task<IReadOnlyDictionary<string, long>> ReadHitsAsync(string accountId, string first, string last, CancellationToken cancellationToken)
    {
        var rows = await ReadAsync(
            accountId, ReportRows.HitsKey(first), ReportRows.HitsKey(last) + "}", limit: int.MaxValue,
            static row => (Day: row.RowKey[ReportRows.Hits.Length..], Hits: row.GetInt64("Hits") ?? 0), cancellationToken);
        return rows.ToDictionary(row => row.Day, row => row.Hits, StringComparer.Ordinal);
    }

    /// <returns>Null when no call named this chat.</returns>
    public async Task<ChatTotals?> ReadChatAsync(string accountId, string chatId, CancellationToken cancellationToken) =>
        ReportRows.FitsChat(chatId) && await ReadRowAsync(accountId, ReportRows.ChatKey(chatId), cancellationToken) is { } row ? ReportRows.ToChat(row) : null;

    /// <summary>Oldest first; months in which nothing was counted are left out.</summary>
    public Task<IReadOnlyList<MonthReport>> ReadReportsAsync(string accountId, string first, string last, CancellationToken cancellationToken) =>
        ReadAsync(accountId, ReportRows.MonthKey(first), ReportRows.MonthKey(last) + "}", limit: int.MaxValue, ReportRows.ToMonth, cancellationToken);

    /// <summary>What happened to subscriptions, newest first.</summary>
    /// <param name="after">The place of the last one that was read; empty for the newest.</param>
    public Task<IReadOnlyList<Placed<SubscriptionEvent>>> ReadPlanEventsAsync(string accountId, string after, int limit, CancellationToken cancellationToken) =>
        ReadPlacedAsync(accountId, AccountRows.PlanEventFirst, after, limit, AccountRows.ToPlanEvent, cancellationToken);

    /// <summary>Purchases and refunds, newest first.</summary>
    /// <inheritdoc cref="ReadPlanEventsAsync" path="/param"/>
    public Task<IReadOnlyList<Placed<Bill>>> ReadBillsAsync(string accountId, string after, int limit, CancellationToken cancellationToken) =>
        ReadPlacedAsync(accountId, ReportRows.Bills, after, limit, ReportRows.ToBill, cancellationToken);

    // No character that a key may have comes before a space: nothing lies between a key and the same with one.
    private Task<IReadOnlyList<Placed<T>>> ReadPlacedAsync<T>(string accountId, string prefix, string after, int limit, Func<TableEntity, T> convert, CancellationToken cancellationToken) =>
        ReadAsync(accountId, prefix + after + " ", prefix[..^1] + "}", limit, row => new Placed<T>(row.RowKey[prefix.Length..], convert(row)), cancellationToken);

    private async Task<TableEntity?> ReadRowAsync(string accountId, string rowKey, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(accountId), rowKey, cancellationToken: cancellationToken);
        return row.HasValue ? row.Value : null;
    }

    // '}' follows '|' and all digits in the order of characters.
    private async Task<IReadOnlyList<T>> ReadAsync<T>(string accountId, string first, string end, int limit, Func<TableEntity, T> convert, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(accountId)} and RowKey ge {first} and RowKey lt {end}");
        var rows = new List<T>();
        await foreach (var row in client.QueryAsync<TableEntity>(filter, Math.Min(limit, 1_000), cancellationToken: cancellationToken))
        {
            rows.Add(convert(row));
            if (rows.Count == limit)
            {
                break;
            }
        }

        return rows;
    }
}

/// <param name="Place">Its key, without what all of its kind begin with.</param>
public sealed record Placed<T>(string Place, T Value);

/// <summary>A month as callers name it, <c>yyyy-MM</c>, and as rows do, <c>yyyyMM</c>.</summary>
public static class BillingPeriod
{
    public static string Of(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>Of a month as rows name it.</summary>
    public static string OfRow(string month) => $"{month[..4]}-{month[4..]}";

    /// <returns>Its first instant; null when it is no month.</returns>
    public static DateTimeOffset? Parse(string text) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var start) ? start : null;

    public static DateTimeOffset StartOf(DateTimeOffset at) => new(at.UtcDateTime.Year, at.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// What something comes to at the end of its month if it goes on as it did: in the month so far, or since it began, at least a day. What the first minutes
    /// foretell is nothing.
    /// </summary>
    /// <param name="since">When it could begin; before the month counts from the month's start.</param>
    public static decimal Project(decimal used, DateTimeOffset since, DateTimeOffset now)
    {
        var start = StartOf(now);
        var passed = Math.Max((now - (since > start ? since : start)).Ticks, TimeSpan.TicksPerDay);
        return used + used * (Periods.EndOfMonth(now) - now).Ticks / passed;
    }
}
