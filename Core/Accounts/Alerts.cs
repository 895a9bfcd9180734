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
    private const int MarkAttempts = 5;

    /// <param name="after">What <see cref="AlertPage.Next"/> said; null for the first page. One that is not there any more begins anew.</param>
    public async Task<AlertPage> ListAsync(string accountId, int count, string? after, bool onlyUnread, CancellationToken cancellationToken)
    {
        var wanted = Math.Clamp(count, 1, PageLimit);
        var all = await ReadAsync(accountId, cancellationToken);
        // Keys are in the order of periods, which is not that of time: a month's limit and a day's spending share it.
        all.Sort(static (one, other) => (other.Alert.At, one.Alert.Id).CompareTo((one.Alert.At, other.Alert.Id)));
        var start = after is null ? 0 : all.FindIndex(alert => string.Equals(alert.Alert.Id, after, StringComparison.Ordinal)) + 1;
        var page = all.Skip(start).Where(alert => !onlyUnread || alert.ReadAt is null).Take(wanted + 1).ToList();
        var next = page.Count > wanted ? page[wanted - 1].Alert.Id : null;
        return new AlertPage([.. page.Take(wanted)], all.Count(alert => alert.ReadAt is null), next);
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
                await client.UpdateEntityAsync(new TableEntity(partition, key) { [AlertRows.ReadAt] = now }, row.Value!.ETag, TableUpdateMode.Merge, cancellationToken);
                return booked with { ReadAt = now };
            }
            catch (RequestFailedException exception) when (attempt < MarkAttempts && (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception)))
            {
                // Somebody else marked it, or the outbox told of it, at the same moment.
            }
        }
    }

    private async Task<List<BookedAlert>> ReadAsync(string accountId, CancellationToken cancellationToken)
    {
        var first = AlertRows.FirstOf(time.GetUtcNow().AddMonths(1 - MonthsListed));
        var client = await tables.GetAsync(TableNames.Accounts);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(accountId)} and RowKey ge {first} and RowKey lt {AlertRows.End}");
        return await client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).Take(ScanLimit).Select(ToBooked).ToListAsync(cancellationToken);
    }

    private static BookedAlert ToBooked(TableEntity row) => new(AlertRows.ToAlert(row), row.GetDateTimeOffset(AlertRows.ReadAt));
}
