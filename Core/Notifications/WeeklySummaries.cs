using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Notifications;

/// <summary>
/// Tells those who want it what their account did in the last whole week, Monday to Sunday, UTC. The row <c>summary|week</c> of the account says that it was
/// told: a timer that fires late tells of the same week, and one that fires twice, or on two instances, tells nobody twice.
/// </summary>
public sealed partial class WeeklySummaries(
    ActiveIndex active, PreferenceBook preferences, Outbox outbox, Tables tables, TimeProvider time, ILogger<WeeklySummaries> logger)
{
    private const int AccountsAtOnce = 8;

    public async Task<int> SummarizeAsync(CancellationToken cancellationToken)
    {
        var (week, enlisted) = (Week.Before(time.GetUtcNow()), 0);
        var options = new ParallelOptions { MaxDegreeOfParallelism = AccountsAtOnce, CancellationToken = cancellationToken };
        // A day more on both sides: whose clock is wrong counts in a day of the week all the same.
        var accounts = active.ReadAsync(week.Start.AddDays(-1), week.End.AddDays(1), cancellationToken).Where(account => !SystemAccounts.Has(account));
        await System.Threading.Tasks.Parallel.ForEachAsync(accounts, options, async (accountId, token) =>
        {
            try
            {
                Interlocked.Add(ref enlisted, await SummarizeAsync(accountId, week, token) ? 1 : 0);
            }
            catch (Exception exception) when (StorageFaults.IsAny(exception) && !token.IsCancellationRequested)
            {
                // One account out of reach must not cost the others their summary.
                LogNotSummarized(logger, exception, accountId);
            }
        });
        return enlisted;
    }

    private async Task<bool> SummarizeAsync(string accountId, Week week, CancellationToken cancellationToken)
    {
        var wanted = await preferences.ReadAsync(accountId, cancellationToken);
        if (!wanted.ChannelsOf(NotificationKinds.WeeklySummary).Any())
        {
            return false;
        }

        var client = await tables.GetAsync(TableNames.Accounts);
        var (partition, key) = (AccountRows.Partition(accountId), "summary|" + week.Name);
        var told = await client.GetEntityIfExistsAsync<TableEntity>(partition, key, cancellationToken: cancellationToken);
        if (told.HasValue || await SumAsync(client, partition, week, cancellationToken) is not { Calls: > 0 } summary)
        {
            return false;
        }

        // The intent first, as with all that is told.
        await outbox.EnlistAsync(accountId, NotificationKinds.WeeklySummary, key, time.GetUtcNow(), cancellationToken);
        try
        {
            await client.AddEntityAsync(new TableEntity(partition, key) { ["Body"] = StoredJson.Write(summary) }, cancellationToken);
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
        {
            // Another instance was first; its summary is told.
        }

        return true;
    }

    private static async Task<WeekSummary> SumAsync(TableClient client, string partition, Week week, CancellationToken cancellationToken)
    {
        var (first, end) = (AccountRows.DayKey(Periods.DayOf(week.Start)), AccountRows.DayKey(Periods.DayOf(week.End)));
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey ge {first} and RowKey lt {end}");
        var days = await client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken)
            .Take(Week.Days)
            .Select(AccountRows.ToDay)
            .ToListAsync(cancellationToken);
        return new WeekSummary(
            week.Name,
            Dashed(week.Start),
            Dashed(week.End.AddDays(-1)),
            days.Sum(day => (long)day.Calls),
            Money.ToCredits(days.Sum(day => day.ChargedMicro)),
            Money.ToUsd(days.Sum(day => day.CostNanoUsd)),
            days.Sum(day => (long)day.Images));
    }

    private static string Dashed(DateTimeOffset day) => day.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A week of ISO 8601: from a Monday, 00:00 UTC, to before the next.</summary>
    private readonly record struct Week(DateTimeOffset Start)
    {
        public const int Days = 7;

        public DateTimeOffset End => Start.AddDays(Days);

        /// <summary><c>2026-W47</c>.</summary>
        public string Name => string.Create(CultureInfo.InvariantCulture, $"{ISOWeek.GetYear(Start.UtcDateTime):D4}-W{ISOWeek.GetWeekOfYear(Start.UtcDateTime):D2}");

        /// <summary>The last one that is over.</summary>
        public static Week Before(DateTimeOffset now)
        {
            var sinceMonday = ((int)now.UtcDateTime.DayOfWeek + Days - (int)DayOfWeek.Monday) % Days;
            return new Week(new DateTimeOffset(now.UtcDateTime.Date.AddDays(-sinceMonday - Days), TimeSpan.Zero));
        }
    }

    [LoggerMessage(LogLevel.Warning, "The week of account {AccountId} could not be summed up.")]
    private static partial void LogNotSummarized(ILogger logger, Exception exception, string accountId);
}
