using Azure;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <param name="ReadAt">When the owner marked it as read; null while unread.</param>
public sealed record BookedAlert(AlertRecord Alert, DateTimeOffset? ReadAt);

/// <param name="Unread">Unread alerts of the account, those of other pages included.</param>
/// <param name="Next">The <see cref="AlertRecord.Id"/> to go on behind; null on the last page.</param>
public sealed record AlertPage(IReadOnlyList<BookedAlert> Alerts, int Unread, string? Next);

/// <summary>Reads the alerts of accounts, newest first, and marks them as read. Raising them is the decider's.</summary>
public sealed class AlertBook(Tables tables, TimeProvider time)
{
    public const int PageLimit = 200;

    /// <summary>Alerts of so many months are listed. An account raises few: each once for a level, a limit and a period.</summary>
    public const int MonthsListed = 13;

    private const int ScanLimit = 10_000;
    private const int RowsAtOnce = 1_000;
    private const int MarkAttempts = 5;

    /// <param name="after">What <see cref="AlertPage.Next"/> said; null for the first page. One that is not there any more begins anew.</param>
    public async Task<AlertPage> ListAsync(string accountId, int count, string? after, bool onlyUnread, CancellationToken cancellationToken)
    {
        var wanted = Math.Clamp(count, 1, PageLimit);
        var all = await NewestAsync(accountId, BeginningOf(time.GetUtcNow().AddMonths(1 - MonthsListed)), ScanLimit, cancellationToken);
        var page = all.Skip(PlaceOf(all, after) + 1).Where(alert => !onlyUnread || alert.ReadAt is null).Take(wanted + 1).ToList();
        var next = page.Count > wanted ? page[wanted - 1].Alert.Id : null;
        return new AlertPage([.. page.Take(wanted)], all.Count(alert => alert.ReadAt is null), next);
    }

    /// <summary>The newest alerts that were raised since an instant, the newest first; reads no more rows than it gives.</summary>
    public async Task<IReadOnlyList<BookedAlert>> NewestAsync(string accountId, DateTimeOffset since, int count, CancellationToken cancellationToken)
    {
        var (first, end) = (AlertRows.Newest, AlertRows.NewestEndOf(since));
        var client = await tables.GetAsync(TableNames.Accounts);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(accountId)} and RowKey ge {first} and RowKey lt {end}");
        return await client.QueryAsync<TableEntity>(filter, Math.Min(count, RowsAtOnce), cancellationToken: cancellationToken).Take(count).Select(ToBooked).ToListAsync(cancellationToken);
    }

    /// <summary>Marks an alert as read. Doing it again changes nothing, the time included.</summary>
    /// <returns>The alert as it is then; null when the account has none of this id.</returns>
    public async Task<BookedAlert?> MarkReadAsync(string accountId, string alertId, CancellationToken cancellationToken)
    {
        if (AlertRows.KeyOf(alertId) is not { } key)
        {
            return null;
        }

        var client = await tables.GetAsync(TableNames.Accounts);
        var partition = AccountRows.Partition(accountId);
        for (var attempt = 1; ; attempt++)
        {
            var row = await client.GetEntityIfExistsAsync<TableEntity>(partition, key, cancellationToken: cancellationToken);
            if (!row.HasValue || ToBooked(row.Value!) is var booked && booked.ReadAt is not null)
            {
                return row.HasValue ? ToBooked(row.Value!) : null;
            }

            var now = time.GetUtcNow();
            try
            {
                await client.SubmitTransactionAsync(
                [
                    new TableTransactionAction(TableTransactionActionType.UpdateMerge, new TableEntity(partition, key) { [AlertRows.ReadAt] = now }, row.Value!.ETag),
                    // The first row carries the condition for both.
                    new TableTransactionAction(TableTransactionActionType.UpdateMerge, new TableEntity(partition, AlertRows.NewestKey(booked.Alert)) { [AlertRows.ReadAt] = now }, ETag.All),
                ], cancellationToken);
                return booked with { ReadAt = now };
            }
            catch (RequestFailedException exception) when (attempt < MarkAttempts && (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception)))
            {
                // Somebody else marked it, or the outbox told of it, at the same moment.
            }
        }
    }

    private static int PlaceOf(IReadOnlyList<BookedAlert> all, string? id)
    {
        for (var i = 0; i < all.Count; i++)
        {
            if (string.Equals(all[i].Alert.Id, id, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }

    private static DateTimeOffset BeginningOf(DateTimeOffset month) => new(month.UtcDateTime.Year, month.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);

    private static BookedAlert ToBooked(TableEntity row) => new(AlertRows.ToAlert(row), row.GetDateTimeOffset(AlertRows.ReadAt));
}
