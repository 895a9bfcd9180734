using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Notifications;

/// <summary>
/// Tells those who want it what their account did in the last seven days. The row <c>summary|week</c> of the account says that it was told: a timer that
/// fires twice, or on two instances, tells nobody twice.
/// </summary>
public sealed partial class WeeklySummaries(
    ActiveIndex active, PreferenceBook preferences, Outbox outbox, Tables tables, TimeProvider time, ILogger<WeeklySummaries> logger)
{
    private const int AccountsAtOnce = 8;
    private const int Days = 7;
    private const int ImagesLimit = 10_000;

    public async Task<int> SummarizeAsync(CancellationToken cancellationToken)
    {
        var (now, enlisted) = (time.GetUtcNow(), 0);
        var options = new ParallelOptions { MaxDegreeOfParallelism = AccountsAtOnce, CancellationToken = cancellationToken };
        var accounts = active.ReadAsync(now.AddDays(-Days - 1), now, cancellationToken).Where(account => !SystemAccounts.Has(account));
        await System.Threading.Tasks.Parallel.ForEachAsync(accounts, options, async (accountId, token) =>
        {
            try
            {
                Interlocked.Add(ref enlisted, await SummarizeAsync(accountId, now, token) ? 1 : 0);
            }
            catch (Exception exception) when (StorageFaults.IsAny(exception) && !token.IsCancellationRequested)
            {
                // One account out of reach must not cost the others their summary.
                LogNotSummarized(logger, exception, accountId);
            }
        });
        return enlisted;
    }

    private async Task<bool> SummarizeAsync(string accountId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var wanted = await preferences.ReadAsync(accountId, cancellationToken);
        var (end, client) = (new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero), await tables.GetAsync(TableNames.Accounts));
        var key = KeyOf(end.AddDays(-1));
        var partition = AccountRows.Partition(accountId);
        if (!wanted.ChannelsOf(NotificationKinds.WeeklySummary).Any() || (await client.GetEntityIfExistsAsync<TableEntity>(partition, key, cancellationToken: cancellationToken)).HasValue)
        {
            return false;
        }

        var summary = await SumAsync(client, accountId, end, cancellationToken);
        if (summary is { Calls: 0, Images: 0 })
        {
            return false;
        }

        // The intent first, as with all that is told.
        await outbox.EnlistAsync(accountId, NotificationKinds.WeeklySummary, key, now, cancellationToken);
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

    private static async Task<WeekSummary> SumAsync(TableClient client, string accountId, DateTimeOffset end, CancellationToken cancellationToken)
    {
        var (start, partition) = (end.AddDays(-Days), AccountRows.Partition(accountId));
        var ofDays = TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey ge {AccountRows.DayKey(Compact(start))} and RowKey lt {AccountRows.DayKey(Compact(end))}");
        var days = await client.QueryAsync<TableEntity>(ofDays, cancellationToken: cancellationToken).Take(Days).Select(AccountRows.ToDay).ToListAsync(cancellationToken);
        // Newer ones come first: from the end of the time, which is the lower key, to its start.
        var (newest, oldest) = (GalleryRows.First + TableKey.Inverted(end.AddTicks(-1)), GalleryRows.First + TableKey.Inverted(start) + "}");
        var ofImages = TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey ge {newest} and RowKey lt {oldest}");
        var images = await client.QueryAsync<TableEntity>(ofImages, select: ["RowKey"], cancellationToken: cancellationToken).Take(ImagesLimit).CountAsync(cancellationToken);
        return new WeekSummary(
            WeekOf(end.AddDays(-1)),
            Dashed(start),
            Dashed(end.AddDays(-1)),
            days.Sum(day => (long)day.Calls),
            Money.ToCredits(days.Sum(day => day.ChargedMicro)),
            Money.ToUsd(days.Sum(day => day.CostNanoUsd)),
            images);
    }

    private static string KeyOf(DateTimeOffset day) => "summary|" + WeekOf(day);

    private static string WeekOf(DateTimeOffset day) =>
        string.Create(CultureInfo.InvariantCulture, $"{ISOWeek.GetYear(day.UtcDateTime):D4}-W{ISOWeek.GetWeekOfYear(day.UtcDateTime):D2}");

    private static string Compact(DateTimeOffset day) => Periods.DayOf(day);

    private static string Dashed(DateTimeOffset day) => day.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    [LoggerMessage(LogLevel.Warning, "The week of account {AccountId} could not be summed up.")]
    private static partial void LogNotSummarized(ILogger logger, Exception exception, string accountId);
}
