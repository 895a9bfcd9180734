using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Books;

/// <summary>All rows of one account, sorted by what they are.</summary>
internal sealed class AccountRowsRead
{
    public AccountState? State { get; private set; }

    /// <summary>Oldest first.</summary>
    public List<LedgerEntry> Entries { get; } = [];

    public List<HoldRecord> Holds { get; } = [];

    public List<UsageRecord> Usage { get; } = [];

    public List<OperationRecord> Operations { get; } = [];

    public List<DayUse> Days { get; } = [];

    public List<MonthUse> Months { get; } = [];

    /// <summary>Newest first.</summary>
    public List<GalleryImage> Images { get; } = [];

    /// <summary>Ids of those that came from the cache.</summary>
    public HashSet<string> JoinedImages { get; } = new(StringComparer.Ordinal);

    public List<AlertRecord> Alerts { get; } = [];

    /// <summary>Oldest first.</summary>
    public List<SubscriptionEvent> PlanEvents { get; } = [];

    public static async Task<AccountRowsRead> ReadAsync(TableClient client, string accountId, CancellationToken cancellationToken)
    {
        var read = new AccountRowsRead();
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(accountId)}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            read.Add(row);
        }

        // The table keeps the newest first.
        read.Entries.Reverse();
        read.PlanEvents.Reverse();
        return read;
    }

    private void Add(TableEntity row)
    {
        switch (row.RowKey.Split('|')[0])
        {
            case AccountRows.StateKey:
                State = AccountRows.ToState(row);
                break;
            case "entry":
                Entries.Add(AccountRows.ToEntry(row));
                break;
            case "hold":
                Holds.Add(AccountRows.ToHold(row));
                break;
            case "use":
                Usage.Add(AccountRows.ToUsage(row));
                break;
            case "op":
                Operations.Add(AccountRows.ToOperation(row));
                break;
            case "day":
                Days.Add(AccountRows.ToDay(row));
                break;
            case "imageof":
                JoinedImages.Add(row.RowKey.Split('|')[1]);
                break;
            case "image":
                Images.Add(GalleryRows.ToImage(row));
                break;
            case "alert":
                Alerts.Add(StoredJson.Read<AlertRecord>(row.GetString("Body")));
                break;
            case "plan":
                PlanEvents.Add(AccountRows.ToPlanEvent(row));
                break;
            case "month":
                Months.Add(AccountRows.ToMonth(row));
                break;
        }
    }
}
